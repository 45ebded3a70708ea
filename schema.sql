-- The portal's database, whole, in the order of the story: people, their
-- sessions, cases, who is what in them, documents, decisions, filings, answers;
-- then the traces (record) and the work for later (job).
--
-- Texts marked "sealed" are bytes from portal/vault, bound to table, column and
-- row: read out of the database they say nothing, moved to another row they do
-- not open. Times are UTC. Ids are UUIDv7, made by the portal.

-- People -------------------------------------------------------------------

-- Everyone the portal knows. A person is one IIN, and nothing else.
CREATE TABLE person (
    id      uuid        PRIMARY KEY,
    iin_tag bytea       NOT NULL UNIQUE CHECK (length(iin_tag) = 32), -- keyed PRF of the IIN: the way to look a person up
    iin     bytea       NOT NULL,                                    -- sealed
    name    bytea       NOT NULL,                                    -- sealed; as in the certificate, or as an official wrote it until the first sign-in
    made_at timestamptz NOT NULL,
    signed_in_at  timestamptz,                                       -- the last sign-in, to be told at the next one
    signed_in_way text CHECK (signed_in_way IN ('agent', 'phone')),
    signed_in_with bytea[] NOT NULL DEFAULT '{}' CHECK (cardinality(signed_in_with) <= 8), -- SHA-256 of the certificates of his sign-ins, the last one last
    CHECK ((signed_in_at IS NULL) = (signed_in_way IS NULL))
);

-- State bodies, by their public names.
CREATE TABLE body (
    id      uuid PRIMARY KEY,
    kind    text NOT NULL CHECK (kind IN ('investigation', 'prosecution', 'court', 'administration')),
    name_kk text NOT NULL,
    name_ru text NOT NULL,
    above   uuid REFERENCES body, -- the one above it: of a court and a prosecutor's office, and of a body that receives reports
    court   uuid REFERENCES body, -- the court at its seat: complaints of article 106 go there
    kato    text CHECK (kato ~ '^[0-9]{9}$'),           -- the territory, of one that receives reports of offences
    code    text UNIQUE CHECK (code ~ '^[0-9]{4,8}$'),  -- by which its book of reports (КУИ) is called
    prosecution uuid REFERENCES body,                   -- that supervises how it receives them, CPC 185(2)
    made_at timestamptz,                                -- when the register wrote it so: what it wrote before that changes nothing
    CHECK ((kato IS NULL) = (code IS NULL) AND (code IS NULL) = (prosecution IS NULL)),
    CHECK (code IS NULL OR kind IN ('investigation', 'prosecution'))
);

-- Officials: what a person is to the portal beyond being a citizen. Two people sign
-- an entry in or out (appointment); who has left keeps his row, for what he signed.
CREATE TABLE officer (
    person  uuid PRIMARY KEY REFERENCES person,
    name    text NOT NULL DEFAULT '', -- in clear, as two people signed it: he answers for his acts by name
    post    text NOT NULL CHECK (post IN ('investigator', 'head', 'prosecutor', 'chief-prosecutor', 'judge', 'registrar', 'administrator', 'auditor')),
    body    uuid NOT NULL REFERENCES body,
    until   date,        -- the last day in post, if there is one
    left_at timestamptz, -- from this moment he is nobody's official
    since   timestamptz, -- he is in this post of this body, or was last
    made_at timestamptz  -- of the newest paper that said so, a roll or an assent: an older one that comes late changes nothing
);
CREATE INDEX officer_body ON officer (body, post) WHERE left_at IS NULL;

-- A browser that talks to us. The cookie holds a random token, the row its
-- SHA-256: a copy of this table opens nothing. person is empty before sign-in.
CREATE TABLE session (
    token_hash  bytea       PRIMARY KEY CHECK (length(token_hash) = 32),
    id          uuid        NOT NULL UNIQUE,                  -- what the person calls it by: it opens nothing
    person      uuid        REFERENCES person,
    certificate bytea       CHECK (length(certificate) = 32), -- SHA-256 of the certificate signed in with
    way         text        CHECK (way IN ('agent', 'phone')), -- how the signature came
    browser     text        CHECK (octet_length(browser) <= 60), -- "Firefox, Windows": of a closed list, no version
    made_at     timestamptz NOT NULL,
    seen_at     timestamptz NOT NULL,
    ends_at     timestamptz NOT NULL,
    before_at   timestamptz,                                  -- the sign-in before this one
    before_way  text        CHECK (before_way IN ('agent', 'phone')),
    told        boolean     NOT NULL,                         -- the person was told of it
    acting      uuid,                                         -- the participant he acts as now, where he is several in one case
    login       bytea,                                        -- sealed for its short life: the challenge and its signature, which the keeper is shown
    CHECK ((person IS NULL) = (certificate IS NULL)),
    CHECK ((person IS NULL) = (way IS NULL)),
    CHECK ((before_at IS NULL) = (before_way IS NULL))
);
CREATE INDEX session_ends ON session (ends_at);
CREATE INDEX session_person ON session (person, seen_at);

-- What a browser was given to sign in order to sign in: once, five minutes,
-- this session only (security/THREATS S07, S08).
CREATE TABLE challenge (
    id      uuid        PRIMARY KEY,
    session bytea       NOT NULL REFERENCES session ON DELETE CASCADE,
    content bytea       NOT NULL,
    made_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX challenge_session ON challenge (session, made_at);

-- A signature that a page asked of a phone (eGov Mobile): of one browser, over
-- one thing, five minutes, one answer. The code on the page holds a token, the
-- row its SHA-256. The signature waits here until the act takes it.
CREATE TABLE phone_request (
    id         uuid        PRIMARY KEY,
    token_hash bytea       NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    session    bytea       NOT NULL REFERENCES session ON DELETE CASCADE,
    purpose    text        NOT NULL CHECK (purpose IN ('sign-in', 'document')),
    target     uuid        NOT NULL,                               -- the challenge or the document
    digest     bytea       CHECK (length(digest) = 32),            -- of the document, as the page showed it
    act        text        NOT NULL CHECK (octet_length(act) BETWEEN 1 AND 100),
    of         uuid,                                               -- the thing the act is done to
    kept       bytea       NOT NULL,                               -- sealed: what the person had typed before he was asked to sign in
    auth       text        NOT NULL CHECK (auth IN ('None', 'Token', 'Eds')),
    made_at    timestamptz NOT NULL,
    ends_at    timestamptz NOT NULL,
    state      text        NOT NULL CHECK (state IN ('asked', 'fetched', 'signed', 'cancelled', 'used')),
    tries      int         NOT NULL DEFAULT 0 CHECK (tries >= 0),  -- signatures that were refused
    refusal    text        NOT NULL DEFAULT '' CHECK (octet_length(refusal) <= 100), -- the key of why the last one was
    cms        bytea,                                              -- sealed
    content    bytea,                                              -- sealed: the document, for the phone, while the code is good
    CHECK ((state = 'signed') = (cms IS NOT NULL)),
    CHECK ((purpose = 'document') = (digest IS NOT NULL) AND (purpose = 'document') = (of IS NOT NULL)),
    CHECK (ends_at > made_at)
);
CREATE INDEX phone_request_session ON phone_request (session, made_at);
CREATE INDEX phone_request_target ON phone_request (target);
CREATE INDEX phone_request_content ON phone_request (ends_at) WHERE content IS NOT NULL;

-- Cases --------------------------------------------------------------------

-- A case of the Unified Register of Pre-trial Investigations (CPC 179).
CREATE TABLE casefile (
    id            uuid        PRIMARY KEY,
    number        bytea       NOT NULL, -- sealed: of the register
    number_tag    bytea       NOT NULL UNIQUE CHECK (length(number_tag) = 32), -- keyed PRF of the number: the way to look a case up
    offence_kk    bytea       NOT NULL, -- sealed: what the case is about, in a line
    offence_ru    bytea       NOT NULL, -- sealed
    registered_on date        NOT NULL,
    report_tag    bytea       UNIQUE CHECK (length(report_tag) = 32), -- the same of the report it began with (КУИ): nobody is told that number, one may name it
    body          uuid        NOT NULL REFERENCES body,
    investigator  uuid        NOT NULL REFERENCES officer,
    prosecution   uuid        NOT NULL REFERENCES body,
    prosecutor    uuid        NOT NULL REFERENCES officer,
    joined_into   uuid        REFERENCES casefile,  -- CPC 43: from then on it is conducted there
    joined_at     timestamptz,
    severed_from  uuid        REFERENCES casefile,  -- CPC 44
    made_at       timestamptz NOT NULL,
    charged_at    timestamptz,          -- when the newest charge of the register was made, or the severance: an older paper gives nobody the case
    CHECK ((joined_into IS NULL) = (joined_at IS NULL)),
    CHECK (joined_into IS DISTINCT FROM id)
);
CREATE INDEX casefile_investigator ON casefile (investigator);
CREATE INDEX casefile_prosecutor ON casefile (prosecutor);
CREATE INDEX casefile_body ON casefile (body);
CREATE INDEX casefile_prosecution ON casefile (prosecution);
CREATE INDEX casefile_joined ON casefile (joined_into) WHERE joined_into IS NOT NULL;
CREATE INDEX casefile_severed ON casefile (severed_from) WHERE severed_from IS NOT NULL;

-- What the people of a case call one another: a person's own name and IIN are his
-- alone to open, and here they stand once more, sealed for the case.
CREATE TABLE known (
    casefile uuid  NOT NULL REFERENCES casefile,
    person   uuid  NOT NULL REFERENCES person,
    name     bytea NOT NULL, -- sealed
    iin      bytea NOT NULL, -- sealed
    PRIMARY KEY (casefile, person)
);
CREATE INDEX known_person ON known (person);

-- While an official is away another of his body does his work; a head signs it.
CREATE TABLE substitution (
    id        uuid        PRIMARY KEY,
    officer   uuid        NOT NULL REFERENCES officer,
    deputy    uuid        NOT NULL REFERENCES officer,
    head      uuid        NOT NULL REFERENCES officer, -- who signs it
    document  uuid        NOT NULL UNIQUE,             -- REFERENCES document, below
    until     date        NOT NULL,                    -- the last day
    made_at   timestamptz NOT NULL,
    signed_at timestamptz,
    ended_at  timestamptz,
    CHECK (deputy <> officer),
    CHECK (ended_at IS NULL OR signed_at IS NOT NULL)
);
CREATE UNIQUE INDEX substitution_now ON substitution (officer) WHERE signed_at IS NOT NULL AND ended_at IS NULL;
CREATE INDEX substitution_deputy ON substitution (deputy) WHERE signed_at IS NOT NULL AND ended_at IS NULL;

-- Who is what in which case. Nothing of a case opens before the person
-- conducting the investigation has confirmed it (law/ROLES §1).
CREATE TABLE participant (
    id           uuid        PRIMARY KEY,
    casefile     uuid        NOT NULL REFERENCES casefile,
    person       uuid        NOT NULL REFERENCES person,
    role         text        NOT NULL CHECK (role IN (
                     'suspect', 'accused', 'trial-defendant', 'wrd', 'defender', 'victim', 'private-prosecutor',
                     'civil-plaintiff', 'civil-defendant', 'legal-rep-suspect', 'legal-rep-victim',
                     'representative', 'representative-defendant', 'witness')),
    represents   uuid        REFERENCES participant, -- for whom a defender or representative acts
    previous     uuid        REFERENCES participant, -- what he was before his role changed
    capacity     text        NOT NULL DEFAULT 'full' CHECK (capacity IN ('full', 'minor', 'incapable')), -- the other two have legal representatives, CPC 75, 76(2)
    scope        text[]      NOT NULL DEFAULT '{read,copy,file,withdraw}' CHECK (scope <@ ARRAY['read', 'copy', 'file', 'withdraw']), -- of the power of one who acts for another
    until        date,                               -- the last day of that power
    advocate     bytea,                              -- sealed: number of the advocate's licence
    from_case    uuid        REFERENCES casefile,    -- the case he came from when it was joined to this one
    basis        text,                               -- the ground of the status, when confirmed
    status       text        NOT NULL CHECK (status IN ('awaiting', 'confirmed', 'ended', 'draft')), -- a draft is the investigator's alone
    asked_at     timestamptz NOT NULL,
    since        date,                               -- the status holds from this day
    confirmed_at timestamptz,
    confirmed_by uuid        REFERENCES officer,
    ended_at     timestamptz,
    awaits_since timestamptz,                        -- the ruling that his status rests on waits for the prosecutor since then, CPC 202(1-1)
    UNIQUE NULLS NOT DISTINCT (casefile, person, role, represents),
    CHECK (represents IS DISTINCT FROM id),
    CHECK (status IN ('awaiting', 'ended') OR -- who asks for access need not know under what number the other stands
           (role IN ('defender', 'legal-rep-suspect', 'legal-rep-victim', 'representative', 'representative-defendant')) = (represents IS NOT NULL)),
    CHECK (status <> 'confirmed' OR (basis IS NOT NULL AND since IS NOT NULL AND confirmed_at IS NOT NULL AND confirmed_by IS NOT NULL)),
    CHECK ((status = 'ended') = (ended_at IS NOT NULL))
);
CREATE INDEX participant_person ON participant (person);
CREATE INDEX participant_awaiting ON participant (casefile) WHERE status = 'awaiting';
CREATE INDEX participant_represents ON participant (represents);
CREATE INDEX participant_until ON participant (until) WHERE status = 'confirmed' AND until IS NOT NULL;
CREATE INDEX participant_previous ON participant (previous) WHERE previous IS NOT NULL;

-- A participant with all that he was before: the statuses that this one took the
-- place of, in this case or in one that it was joined to or severed from. What was
-- decided about him then was decided about him.
-- In plpgsql, as all that reads tables: its plan is kept, one of sql is made at each call.
CREATE FUNCTION lineage(of uuid) RETURNS uuid[] LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (WITH RECURSIVE line AS (
        SELECT p.id, p.previous FROM participant p WHERE p.id = of
        UNION
        SELECT p.id, p.previous FROM participant p JOIN line ON p.id = line.previous
    )
    SELECT array_agg(line.id) FROM line);
END $$;

-- What officials are to a case: who conducts it, who supervises it, the heads of
-- both, and the deputies of those who are away. Who has left, or has moved to
-- another body, is nothing to it from the same moment.
CREATE VIEW duty AS
SELECT c.id AS casefile, o.person, 'charge' AS standing
  FROM casefile c
  JOIN officer o ON o.person = c.investigator AND o.body = c.body AND o.post = 'investigator' AND o.left_at IS NULL
UNION ALL
SELECT c.id, o.person, 'charge'
  FROM casefile c
  JOIN substitution s ON s.officer = c.investigator AND s.signed_at IS NOT NULL AND s.ended_at IS NULL
  JOIN officer o ON o.person = s.deputy AND o.body = c.body AND o.post = 'investigator' AND o.left_at IS NULL
UNION ALL
SELECT c.id, o.person, 'supervisor'
  FROM casefile c
  JOIN officer o ON o.person = c.prosecutor AND o.body = c.prosecution AND o.post = 'prosecutor' AND o.left_at IS NULL
UNION ALL
SELECT c.id, o.person, 'supervisor'
  FROM casefile c
  JOIN substitution s ON s.officer = c.prosecutor AND s.signed_at IS NOT NULL AND s.ended_at IS NULL
  JOIN officer o ON o.person = s.deputy AND o.body = c.prosecution AND o.post = 'prosecutor' AND o.left_at IS NULL
UNION ALL
SELECT c.id, o.person, 'unit'
  FROM casefile c
  JOIN officer o ON o.body = c.body AND o.post = 'head' AND o.left_at IS NULL
UNION ALL
SELECT c.id, o.person, 'office'
  FROM casefile c
  JOIN officer o ON o.body = c.prosecution AND o.post = 'chief-prosecutor' AND o.left_at IS NULL;

-- Whether an advocate defends a participant.
CREATE FUNCTION has_advocate(client uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT 1 FROM participant a
                    WHERE a.represents = client AND a.role = 'defender' AND a.basis <> 'relative' AND a.status = 'confirmed');
END $$;

-- What each participant may act as: his own status, or for another while that one is
-- confirmed too. A legal representative stands only for a minor or one who is not
-- able (CPC 75, 76(2)), a relative defends only beside an advocate (CPC 66(2)). Whom
-- he acts for is what parts his clients from each other; on which day his power ends,
-- the reader counts: it is over from the first second after it.
CREATE VIEW capacity AS
SELECT p.casefile, p.person, p.id AS participant, p.represents, coalesce(r.person, p.person) AS whom, p.until
  FROM participant p
  LEFT JOIN participant r ON r.id = p.represents
 WHERE p.status = 'confirmed' AND (p.represents IS NULL OR r.status = 'confirmed')
   AND (p.role NOT IN ('legal-rep-suspect', 'legal-rep-victim') OR r.capacity <> 'full')
   AND (p.basis <> 'relative' OR has_advocate(p.represents));

-- Who sits where for a case now, from the one who conducts it to the court above: what
-- is filed goes there (portal/guide). Who left a post or a body sits there no more.
CREATE VIEW desk AS
SELECT casefile, CASE standing WHEN 'charge' THEN 'investigator' WHEN 'supervisor' THEN 'prosecutor' WHEN 'unit' THEN 'head' ELSE 'chief' END AS seat, person
  FROM duty
UNION ALL
SELECT c.id, 'higher', o.person
  FROM casefile c
  JOIN body p ON p.id = c.prosecution
  JOIN officer o ON o.body = p.above AND o.post = 'chief-prosecutor' AND o.left_at IS NULL
UNION ALL
SELECT c.id, 'judge', o.person
  FROM casefile c
  JOIN body b ON b.id = c.body
  JOIN officer o ON o.body = b.court AND o.post = 'judge' AND o.left_at IS NULL
UNION ALL
SELECT c.id, 'appeal', o.person
  FROM casefile c
  JOIN body b ON b.id = c.body
  JOIN body t ON t.id = b.court
  JOIN officer o ON o.body = t.above AND o.post = 'judge' AND o.left_at IS NULL;

-- What somebody is to a case. Rights are part of the WHERE of every query, and
-- this is where they come from. A representative counts only while the one he
-- represents is confirmed too.
CREATE VIEW standing AS
SELECT casefile, person, 'party' AS standing FROM capacity
UNION
SELECT casefile, person, standing FROM duty;

-- The same of one person and one case. It and the two below ask as whoever calls them and
-- show nobody more than the views would; but a view is planned into each query that names
-- it, with the policies of all that it reads, and made ready anew each time the query is
-- asked: most of what a page cost. Most who ask are no officials, and through at once.
CREATE FUNCTION standings(of uuid, who uuid) RETURNS text[] LANGUAGE plpgsql STABLE AS $$
DECLARE
    out text[] := '{}';
BEGIN
    IF EXISTS (SELECT FROM capacity k WHERE k.casefile = of AND k.person = who) THEN
        out := '{party}';
    END IF;
    IF EXISTS (SELECT FROM officer o WHERE o.person = who AND o.left_at IS NULL) THEN
        out := out || ARRAY(SELECT DISTINCT d.standing FROM duty d WHERE d.casefile = of AND d.person = who ORDER BY d.standing);
    END IF;
    RETURN out;
END $$;

-- Whether what is filed is somebody's to answer, or his whom he stands in for, and he sits
-- there still.
CREATE FUNCTION sits(of uuid, in_seat text, whose uuid, of_report uuid, of_body uuid, who uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM officer o WHERE o.person = who AND o.left_at IS NULL)
        OR whose <> who AND NOT EXISTS (SELECT FROM substitution s WHERE s.officer = whose AND s.deputy = who AND s.signed_at IS NOT NULL AND s.ended_at IS NULL) THEN
        RETURN false;
    END IF;
    RETURN EXISTS (SELECT FROM desk k WHERE k.casefile = of AND k.seat = in_seat AND k.person = who)
        OR of_report IS NOT NULL AND EXISTS (
               SELECT FROM officer i WHERE i.person = who AND i.body = of_body AND i.left_at IS NULL
                  AND i.post = CASE WHEN in_seat IN ('judge', 'appeal') THEN 'judge' ELSE 'chief-prosecutor' END);
END $$;
-- Whether he must answer a complaint about a filing, so that he reads what was answered.
CREATE FUNCTION addressed(of uuid, who uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM officer o WHERE o.person = who AND o.left_at IS NULL) THEN -- by itself: to begin the other question is dear
        RETURN false;
    END IF;
    RETURN EXISTS (
        SELECT FROM filing n JOIN desk k ON k.casefile = n.casefile AND k.seat = n.seat AND k.person = who
         WHERE n.against = of AND n.status IN ('filed', 'considered', 'waiting') AND n.decider = who AND who <> ALL (n.interested));
END $$;

-- Documents ----------------------------------------------------------------

-- A paper of the portal (PDF): what is signed, and the signature over exactly
-- these bytes. Once signed it never changes; the trigger holds even where the
-- code would forget.
CREATE TABLE document (
    id        uuid        PRIMARY KEY,
    casefile  uuid        REFERENCES casefile, -- none: of what a body received, or of the directory of officials
    body      uuid        REFERENCES body,     -- that received it, where there is no case
    kind      text        NOT NULL CHECK (kind IN (
                  'petition', 'complaint', 'application', 'challenge', 'withdrawal', 'answer', 'decision', 'confirmation', 'ending',
                  'request', 'authority', 'revocation', 'assent', 'dissent', 'appointment', 'substitution', 'assignment',
                  'exposure', 'redaction', 'service', 'material', 'familiarisation', 'record', 'supplement', 'forward', 'extension', 'report', 'report-taken', 'report-decision')),
    language  text        NOT NULL CHECK (language IN ('kk', 'ru')),
    author    uuid        NOT NULL REFERENCES person,
    nonce     bytea       CHECK (length(nonce) = 16),                -- random, printed on the paper; none where a file was uploaded
    content   bytea       NOT NULL,                                  -- sealed
    size      int         NOT NULL CHECK (size BETWEEN 1 AND 20971520), -- bytes, before sealing
    digest    bytea       NOT NULL CHECK (length(digest) = 32),      -- SHA-256 of the bytes
    made_at   timestamptz NOT NULL,
    cms       bytea,       -- sealed: the signature as it came
    signer    uuid        REFERENCES person,
    signed_at timestamptz,
    CHECK ((cms IS NULL) = (signed_at IS NULL) AND (signer IS NULL) = (signed_at IS NULL)),
    CHECK (signer IS NULL OR signer = author),
    CHECK (casefile IS NULL OR body IS NULL),
    CHECK (casefile IS NOT NULL OR body IS NOT NULL OR kind IN ('appointment', 'substitution', 'assent', 'dissent'))
);
ALTER TABLE substitution ADD FOREIGN KEY (document) REFERENCES document;
CREATE INDEX document_news ON document (signed_at) -- the keeper is shown each new paper that gives or takes a right
    WHERE signed_at IS NOT NULL AND kind IN ('confirmation', 'ending', 'revocation', 'assignment', 'appointment', 'substitution', 'assent', 'dissent', 'forward', 'record');
CREATE INDEX document_says ON document (casefile) -- who is what in a case: the keeper is shown it for whoever opens
    WHERE signed_at IS NOT NULL AND kind IN ('confirmation', 'ending', 'revocation', 'assignment', 'assent', 'dissent');
CREATE INDEX document_digest ON document (digest) WHERE signed_at IS NOT NULL; -- whoever brings the file asks whether it is ours
CREATE INDEX document_unsigned ON document (author) WHERE signed_at IS NULL; -- a signature comes: over which paper of his?

CREATE FUNCTION document_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.signed_at IS NOT NULL THEN
        RAISE EXCEPTION 'document % is signed and does not change', OLD.id;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER document_is_final BEFORE UPDATE OR DELETE ON document
    FOR EACH ROW WHEN (current_user <> 'portal_rotate') EXECUTE FUNCTION document_is_final();

-- What a second official says of a paper that is signed: the prosecutor agrees with
-- a ruling or approves it, an administrator with an appointment, an investigator with
-- a record. His yes or no is a paper of its own, which names the first by its SHA-256.
CREATE TABLE assent (
    document  uuid        PRIMARY KEY REFERENCES document,
    about     uuid        NOT NULL REFERENCES document,
    author    uuid        NOT NULL REFERENCES person,
    agrees    boolean     NOT NULL,
    reasons   bytea,      -- sealed; why he does not
    made_at   timestamptz NOT NULL,
    signed_at timestamptz,
    CHECK (agrees = (reasons IS NULL))
);
CREATE UNIQUE INDEX assent_about ON assent (about) WHERE signed_at IS NOT NULL;
CREATE UNIQUE INDEX assent_draft ON assent (about, author) WHERE signed_at IS NULL;

-- The papers by which the investigator confirms or ends a status: what he signs is
-- what takes effect. A participant has one that is unsigned at most.
CREATE TABLE confirmation (
    document    uuid        PRIMARY KEY REFERENCES document,
    participant uuid        NOT NULL REFERENCES participant,
    ends        boolean     NOT NULL,              -- false: it confirms
    role        text,                              -- what is confirmed
    represents  uuid        REFERENCES participant,
    basis       text,
    since       date,
    previous    uuid        REFERENCES participant, -- the status that it takes the place of
    capacity    text        NOT NULL DEFAULT 'full' CHECK (capacity IN ('full', 'minor', 'incapable')),
    scope       text[]      NOT NULL DEFAULT '{read,copy,file,withdraw}' CHECK (scope <@ ARRAY['read', 'copy', 'file', 'withdraw']),
    until       date,
    advocate    bytea,      -- sealed
    conflict    boolean     NOT NULL DEFAULT false, -- he was warned that the defender stands for another here, CPC 66(4), and confirms all the same
    reasons     bytea,      -- sealed; why a status that was asked for is refused, or ends
    made_at     timestamptz NOT NULL,
    signed_at   timestamptz,
    CHECK (ends = (role IS NULL) AND ends = (basis IS NULL) AND ends = (since IS NULL)),
    CHECK (NOT ends OR represents IS NULL)
);
CREATE UNIQUE INDEX confirmation_unsigned ON confirmation (participant) WHERE signed_at IS NULL;
CREATE INDEX confirmation_participant ON confirmation (participant, signed_at);

-- The paper by which the represented person takes a power back: his own signature
-- ends it in the same moment.
CREATE TABLE revocation (
    document    uuid        PRIMARY KEY REFERENCES document,
    participant uuid        NOT NULL REFERENCES participant, -- whose power it is
    made_at     timestamptz NOT NULL,
    signed_at   timestamptz
);
CREATE UNIQUE INDEX revocation_unsigned ON revocation (participant) WHERE signed_at IS NULL;
CREATE INDEX revocation_participant ON revocation (participant, signed_at);

-- A person asks that a status of his be confirmed (CPC 109): on a paper that he
-- signs. From then the term runs for the person who conducts the investigation.
CREATE TABLE request (
    id          uuid        PRIMARY KEY,
    casefile    uuid        NOT NULL REFERENCES casefile,
    person      uuid        NOT NULL REFERENCES person,
    role        text        NOT NULL,
    represented bytea,       -- sealed: name and, if he knows it, IIN of the one he acts for, as he typed them
    words       bytea       NOT NULL, -- sealed: why
    named       bytea       NOT NULL, -- sealed: the number of the case, as he named it
    language    text        NOT NULL CHECK (language IN ('kk', 'ru')),
    document    uuid        NOT NULL UNIQUE REFERENCES document,
    authority   uuid        UNIQUE REFERENCES document, -- what gives a representative his power, as he brought it
    participant uuid        REFERENCES participant,     -- once it is signed
    status      text        NOT NULL CHECK (status IN ('draft', 'asked', 'confirmed', 'refused', 'withdrawn')),
    made_at     timestamptz NOT NULL,
    asked_at    timestamptz,
    term        text,
    due_raw     timestamptz,
    due_at      timestamptz,
    overdue_at  timestamptz, -- when the portal saw the term pass without an answer
    settled_at  timestamptz,
    CHECK (status = 'draft' OR (participant IS NOT NULL AND asked_at IS NOT NULL AND term IS NOT NULL AND due_raw IS NOT NULL AND due_at IS NOT NULL)),
    CHECK ((status IN ('confirmed', 'refused', 'withdrawn')) = (settled_at IS NOT NULL))
);
CREATE INDEX request_person ON request (person, made_at);
CREATE UNIQUE INDEX request_open ON request (participant) WHERE status = 'asked';
CREATE INDEX request_casefile ON request (casefile, asked_at);

-- A head gives a case to an investigator of his; the one before loses it at once.
CREATE TABLE assignment (
    document  uuid        PRIMARY KEY REFERENCES document,
    casefile  uuid        NOT NULL REFERENCES casefile,
    head      uuid        NOT NULL REFERENCES officer,
    duty      text        NOT NULL CHECK (duty IN ('charge', 'supervisor')),
    previous  uuid        NOT NULL REFERENCES officer,
    officer   uuid        NOT NULL REFERENCES officer,
    made_at   timestamptz NOT NULL,
    signed_at timestamptz
);
CREATE UNIQUE INDEX assignment_unsigned ON assignment (casefile, duty, head) WHERE signed_at IS NULL;
CREATE INDEX assignment_casefile ON assignment (casefile, signed_at);

-- What the register of investigations says of officials and of a case, signed with its
-- own key: there every right that the keeper believes begins (portal/warrant). It
-- holds ids and words of ours only, so it is in clear.
CREATE TABLE warrant (
    id       uuid        PRIMARY KEY,
    casefile uuid        REFERENCES casefile, -- none: the roll of officials
    kind     text        NOT NULL CHECK (kind IN ('roll', 'charge')),
    content  bytea       NOT NULL CHECK (octet_length(content) BETWEEN 1 AND 16777216), -- the text that is signed
    cms      bytea       NOT NULL,
    made_at  timestamptz NOT NULL, -- the day that the register put on it
    kept_at  timestamptz NOT NULL, -- when it came
    CHECK ((kind = 'charge') = (casefile IS NOT NULL))
);
CREATE INDEX warrant_casefile ON warrant (casefile);
CREATE INDEX warrant_news ON warrant (kept_at); -- the keeper is shown each new one

-- An entry into the directory of officials, or out of it. It takes effect when a
-- second person has signed his assent.
CREATE TABLE appointment (
    id         uuid        PRIMARY KEY,
    person     uuid        NOT NULL REFERENCES person,
    name       text        NOT NULL, -- of the official to be: in clear, like that of an official
    leaves     boolean     NOT NULL,
    post       text        CHECK (post IN ('investigator', 'head', 'prosecutor', 'chief-prosecutor', 'judge', 'registrar', 'administrator', 'auditor')),
    body       uuid        REFERENCES body,
    until      date,
    proposer   uuid        NOT NULL REFERENCES officer,
    second     uuid        REFERENCES officer,
    document   uuid        NOT NULL UNIQUE REFERENCES document,
    status     text        NOT NULL CHECK (status IN ('draft', 'proposed', 'effective', 'declined')),
    made_at    timestamptz NOT NULL,
    proposed_at timestamptz,
    settled_at timestamptz,
    CHECK (leaves = (post IS NULL) AND leaves = (body IS NULL)),
    CHECK (second <> proposer),
    CHECK (person <> proposer AND person <> second),
    CHECK ((status IN ('effective', 'declined')) = (settled_at IS NOT NULL) AND (settled_at IS NULL) = (second IS NULL)),
    CHECK ((status = 'draft') = (proposed_at IS NULL))
);
CREATE INDEX appointment_person ON appointment (person, made_at);
CREATE UNIQUE INDEX appointment_waits ON appointment (person) WHERE status = 'proposed';
CREATE INDEX appointment_settled ON appointment (settled_at);

-- What proved an accepted signature when it was received: of a document, or of
-- a sign-in (then id is that of its challenge). It proves the signature again
-- when the certificate has expired and its authority is silent. It changes only
-- while the authority's answer is awaited.
CREATE TABLE evidence (
    id          uuid        PRIMARY KEY,
    document    uuid        UNIQUE REFERENCES document CHECK (document = id),
    person      uuid        NOT NULL REFERENCES person,
    bundle      bytea       NOT NULL,                             -- sealed: eds.Evidence
    digest      bytea       NOT NULL CHECK (length(digest) = 32), -- SHA-256 of the bundle
    revocation  text        NOT NULL CHECK (revocation IN ('good', 'listed', 'pending', 'refuted', 'not-checked')), -- not-checked: the demonstration only
    received_at timestamptz NOT NULL,
    known_at    timestamptz,                                      -- when the authority answered
    signature   bytea       NOT NULL CHECK (length(signature) = 32), -- SHA-256 of the signature as it came: it is known again when somebody brings it
    stamped     bytea       NOT NULL CHECK (length(stamped) = 32),   -- the same of what is given out, with its time-stamp
    algorithm   text        NOT NULL CHECK (octet_length(algorithm) <= 100),
    stamped_at  timestamptz,                                      -- by the time-stamp, if there is one
    CHECK ((revocation = 'pending') = (known_at IS NULL)),
    CHECK (document IS NOT NULL OR revocation IN ('good', 'listed', 'not-checked'))
);
CREATE INDEX evidence_person ON evidence (person);

CREATE FUNCTION evidence_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.revocation NOT IN ('pending', 'listed')
        OR (NEW.id, NEW.person, NEW.received_at, NEW.signature, NEW.algorithm) IS DISTINCT FROM (OLD.id, OLD.person, OLD.received_at, OLD.signature, OLD.algorithm) THEN
        RAISE EXCEPTION 'evidence % is known and does not change', OLD.id;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER evidence_is_final BEFORE UPDATE OR DELETE ON evidence
    FOR EACH ROW WHEN (current_user <> 'portal_rotate') EXECUTE FUNCTION evidence_is_final();

-- A decision in a case (law/LAW §3.2). A draft is the investigator's alone.
CREATE TABLE decision (
    id           uuid        PRIMARY KEY,
    casefile     uuid        NOT NULL REFERENCES casefile,
    kind         text        NOT NULL CHECK (kind IN (
                     'kui-registered', 'erdr-registered', 'erdr-not-registered', 'transfer-admin', 'transfer-private',
                     'transfer-jurisdiction', 'accepted', 'group', 'language', 'eformat-on', 'eformat-off',
                     'victim-recognised', 'victim-refused', 'victim-ended', 'plaintiff-recognised',
                     'defendant-recognised', 'rep-admitted', 'defender-in', 'suspect-recognised', 'detained',
                     'released', 'qualified', 'requalified', 'restraint-petition', 'restraint-set',
                     'restraint-extended', 'restraint-changed', 'restraint-cancelled', 'approach-ban', 'office-removal',
                     'property-arrest', 'search-done', 'seizure-done', 'expertise-set', 'expertise-done', 'specialist',
                     'samples', 'experiment', 'joined', 'severed', 'term-extended', 'term-interrupted', 'term-resumed',
                     'terminated-full', 'terminated-part', 'prosecution-terminated', 'pti-reopened', 'lost-restored',
                     'plea-petition', 'plea-signed', 'order-procedure', 'misdemeanour-protocol', 'accelerated-protocol',
                     'accusation-protocol', 'end-notice', 'familiarised', 'report-done', 'indictment', 'returned',
                     'sent-court', 'reconciled')),
    status       text        NOT NULL CHECK (status IN ('draft', 'submitted', 'published', 'declined')), -- submitted: signed, and the prosecutor has not agreed yet
    author       uuid        NOT NULL REFERENCES officer,
    decided_on   date        NOT NULL,
    ready_on     date,       -- the day the condition of showing was met: agreed, sanctioned, completed, approved
    flags        text[]      NOT NULL DEFAULT '{}' CHECK (flags <@ ARRAY['state-secret', 'protected-person', 'covert', 'operative', 'counterintel', 'minor-privacy', 'other-secret']),
    document     uuid        NOT NULL UNIQUE REFERENCES document,
    joins        uuid        REFERENCES casefile, -- of a joinder: the case that is joined to this one
    severs       bytea,      -- sealed; of a severance: the number of the new case; those whom the decision concerns go there
    leaving      boolean     NOT NULL DEFAULT false,         -- and are in this one no more
    made_at      timestamptz NOT NULL,
    submitted_at timestamptz,
    term         text,       -- by when the prosecutor says yes or no
    due_raw      timestamptz,
    due_at       timestamptz,
    published_at timestamptz,
    CHECK ((status = 'published') = (published_at IS NOT NULL)),
    CHECK (joins IS NULL OR kind = 'joined'),
    CHECK (severs IS NULL OR kind = 'severed'),
    CHECK (NOT leaving OR severs IS NOT NULL)
);
CREATE INDEX decision_casefile ON decision (casefile, decided_on);
CREATE INDEX decision_submitted ON decision (casefile) WHERE status = 'submitted';
CREATE INDEX decision_draft ON decision (casefile) WHERE status = 'draft';
CREATE INDEX decision_moves ON decision (document) WHERE joins IS NOT NULL OR severs IS NOT NULL; -- they take people along

-- The texts a decision was printed from, for the one who writes it; none where a
-- file was uploaded.
CREATE TABLE decision_text (
    decision    uuid  PRIMARY KEY REFERENCES decision ON DELETE CASCADE,
    established bytea NOT NULL, -- sealed
    resolved    bytea NOT NULL  -- sealed
);

-- Whom a decision is about; nobody named means the case as a whole.
CREATE TABLE decision_person (
    decision    uuid NOT NULL REFERENCES decision ON DELETE CASCADE,
    participant uuid NOT NULL REFERENCES participant,
    PRIMARY KEY (decision, participant)
);

-- The investigator opens one document to one person further than the matrix does,
-- or, on a ground of law, less far (law/ROLES §3): by a signed paper.
CREATE TABLE exposure (
    document    uuid        PRIMARY KEY REFERENCES document,
    decision    uuid        NOT NULL REFERENCES decision,
    participant uuid        NOT NULL REFERENCES participant,
    author      uuid        NOT NULL REFERENCES officer,
    view        text        NOT NULL CHECK (view IN ('fact', 'read', 'copy')),       -- the fact is never taken from him
    ground      text        NOT NULL CHECK (ground IN ('defence', 'truth', 'petition', 'security', 'secret', 'non-disclosure')), -- the last three narrow: CPC 97, 47, 201
    reasons     bytea       NOT NULL, -- sealed
    made_at     timestamptz NOT NULL,
    signed_at   timestamptz,
    ended_at    timestamptz,
    CHECK (ended_at IS NULL OR signed_at IS NOT NULL),
    CHECK (view <> 'copy' OR ground IN ('defence', 'truth', 'petition'))
);
CREATE INDEX exposure_decision ON exposure (decision);
CREATE INDEX exposure_participant ON exposure (participant) WHERE signed_at IS NOT NULL AND ended_at IS NULL;
CREATE UNIQUE INDEX exposure_now ON exposure (decision, participant) WHERE signed_at IS NOT NULL AND ended_at IS NULL;
CREATE UNIQUE INDEX exposure_unsigned ON exposure (decision, participant) WHERE signed_at IS NULL;

-- A copy of a decision without what is not for everybody: signed by the
-- investigator, beside the original, which stays as it is.
CREATE TABLE redaction (
    document    uuid        PRIMARY KEY REFERENCES document,
    decision    uuid        NOT NULL REFERENCES decision,
    part        text        NOT NULL CHECK (part IN ('personal-data', 'civil-claim')), -- without others' personal data; of the claim only
    author      uuid        NOT NULL REFERENCES officer,
    established bytea,      -- sealed: the texts it was printed from; none where a file was uploaded
    resolved    bytea,      -- sealed
    made_at     timestamptz NOT NULL,
    signed_at   timestamptz,
    replaced_at timestamptz,
    CHECK ((established IS NULL) = (resolved IS NULL)),
    CHECK (replaced_at IS NULL OR signed_at IS NOT NULL)
);
CREATE INDEX redaction_decision ON redaction (decision);
CREATE UNIQUE INDEX redaction_now ON redaction (decision, part) WHERE signed_at IS NOT NULL AND replaced_at IS NULL;
CREATE UNIQUE INDEX redaction_unsigned ON redaction (decision, part) WHERE signed_at IS NULL;

-- A decision was handed over: to whom, when, how, and the term that began.
CREATE TABLE service (
    decision    uuid        NOT NULL REFERENCES decision,
    participant uuid        NOT NULL REFERENCES participant, -- in which capacity
    person      uuid        NOT NULL REFERENCES person,
    way         text        NOT NULL CHECK (way IN ('opened', 'signed')),
    at          timestamptz,                                 -- none: the receipt waits for its signature
    document    uuid        REFERENCES document,             -- the receipt; one of somebody who stands here for several
    term        text,
    due_raw     timestamptz,
    due_at      timestamptz,
    PRIMARY KEY (decision, participant),
    CHECK ((way = 'signed') = (document IS NOT NULL)),
    CHECK (at IS NOT NULL OR way = 'signed' AND term IS NULL),
    CHECK ((term IS NULL) = (due_at IS NULL) AND (term IS NULL) = (due_raw IS NULL))
);
CREATE INDEX service_person ON service (person, due_at) WHERE at IS NOT NULL;
CREATE INDEX service_document ON service (document) WHERE document IS NOT NULL;

-- Who opened what of a case, and why. It only grows.
CREATE TABLE opening (
    id         uuid        PRIMARY KEY,
    casefile   uuid        NOT NULL REFERENCES casefile,
    person     uuid        NOT NULL REFERENCES person,
    standing   text        NOT NULL CHECK (octet_length(standing) BETWEEN 1 AND 40), -- what he was to the case then: a role, or a duty
    body       uuid        REFERENCES body,                                          -- an official's
    object     text        NOT NULL CHECK (object IN ('decision', 'redaction', 'filing', 'answer', 'withdrawal', 'material', 'request', 'attachment')),
    object_id  uuid        NOT NULL,
    document   uuid,       -- that was opened; a draft may be given up since, the look at it stays
    owner      uuid        REFERENCES person,  -- of a filing: only he and the officials see the line
    reason     text        NOT NULL CHECK (reason IN ('own', 'duty', 'answer', 'supervision', 'complaint', 'control', 'covert', 'other')),
    words      bytea,      -- sealed: an official's own words for it
    opens_on   date,       -- of a covert look: the day it shows
    at         timestamptz NOT NULL,
    CHECK ((reason = 'covert') = (opens_on IS NOT NULL)),
    CHECK (reason <> 'other' OR words IS NOT NULL)
);
CREATE INDEX opening_casefile ON opening (casefile, at, id);
CREATE INDEX opening_object ON opening (object_id, person, at);
CREATE INDEX opening_answer ON opening (at) WHERE object = 'answer' AND reason = 'own'; -- whom a term is reminded of that runs from it
CREATE INDEX opening_duty ON opening (at) WHERE body IS NOT NULL; -- of officials: an alarm looks at the last hour

-- A case that the custodians of the keys opened for one official for a day, whatever his
-- standing: told to whoever is of the case. It only grows.
CREATE TABLE unsealing (
    id       uuid        PRIMARY KEY, -- the keeper's
    casefile uuid        NOT NULL REFERENCES casefile,
    person   uuid        NOT NULL,    -- for whom; he need not be known here
    ground   bytea       NOT NULL,    -- sealed
    since    timestamptz NOT NULL,
    until    timestamptz NOT NULL,
    told_at  timestamptz NOT NULL,
    CHECK (since < until)
);
CREATE INDEX unsealing_casefile ON unsealing (casefile);

-- Why an official opens a case that is not on his own desk: asked once, good for a
-- working day.
CREATE TABLE pretext (
    id       uuid        PRIMARY KEY,
    person   uuid        NOT NULL REFERENCES person,
    casefile uuid        NOT NULL REFERENCES casefile,
    reason   text        NOT NULL CHECK (reason IN ('supervision', 'complaint', 'control', 'covert', 'other')),
    words    bytea,      -- sealed
    opens_on date,
    made_at  timestamptz NOT NULL,
    UNIQUE (person, casefile),
    CHECK ((reason = 'covert') = (opens_on IS NOT NULL)),
    CHECK (reason <> 'other' OR words IS NOT NULL)
);

-- "This looks wrong": a participant asks the prosecutor about somebody's look.
CREATE TABLE objection (
    id       uuid        PRIMARY KEY,
    opening  uuid        NOT NULL REFERENCES opening,
    casefile uuid        NOT NULL REFERENCES casefile,
    person   uuid        NOT NULL REFERENCES person,
    words    bytea       NOT NULL, -- sealed
    made_at  timestamptz NOT NULL,
    answered_by uuid     REFERENCES officer,
    answer   bytea,      -- sealed
    answered_at timestamptz,
    UNIQUE (opening, person),
    CHECK ((answer IS NULL) = (answered_at IS NULL) AND (answer IS NULL) = (answered_by IS NULL))
);
CREATE INDEX objection_casefile ON objection (casefile) WHERE answered_at IS NULL;

-- Reports ------------------------------------------------------------------

-- Numbers of a body's book of reports (КУИ): whoever registers holds the row, so no
-- number is given twice or left out, and their order is that of their times.
CREATE TABLE report_book (
    body    uuid        NOT NULL REFERENCES body,
    year    int         NOT NULL CHECK (year BETWEEN 2020 AND 2200),
    last    int         NOT NULL CHECK (last BETWEEN 1 AND 999999),
    last_at timestamptz NOT NULL, -- when that one was registered
    PRIMARY KEY (body, year)
);

-- A report of an offence (CPC 181). A draft is its author's alone; signed, it is
-- registered in that moment and belongs to the body that received it. Nothing of what
-- it is about stands in clear, and that it came by the path for violence at home neither.
CREATE TABLE report (
    id            uuid        PRIMARY KEY,
    author        uuid        REFERENCES person,                   -- none: entered by the registrar, and who reports has no IIN, or it is not signed yet
    entered_by    uuid        REFERENCES officer,                  -- who took down what somebody said, or brought on paper
    way           text        NOT NULL CHECK (way IN ('signed', 'paper', 'oral', 'phone')),
    status        text        NOT NULL CHECK (status IN ('draft', 'registered', 'erdr', 'joined', 'transferred', 'elsewhere', 'court', 'administrative', 'shelved', 'refused')),
    language      text        NOT NULL CHECK (language IN ('kk', 'ru')),
    draft         bytea,                                           -- sealed: the answers so far, for their author alone
    answers       bytea,                                           -- sealed: the same once registered, for the body
    handed        bytea,                                           -- sealed: the signed paper as another body handed it on
    body          uuid        REFERENCES body,                     -- that received it; of a draft: once it was chosen and the paper printed
    document      uuid        UNIQUE REFERENCES document,          -- the paper; of a draft: as it was printed last
    number        text        UNIQUE CHECK (number ~ '^[0-9]{4,8}-[0-9]{2}-[0-9]{6}$'),
    officer       uuid        REFERENCES officer,                  -- who deals with it; none: nobody in post there may
    slip_hash     bytea       UNIQUE CHECK (length(slip_hash) = 32), -- SHA-256 of the secret in the code on its slip
    previous      uuid        UNIQUE REFERENCES report,            -- it was transferred from there, and registered anew
    made_at       timestamptz NOT NULL,
    saved_at      timestamptz NOT NULL,
    registered_at timestamptz,
    term          text,
    due_raw       timestamptz,
    due_at        timestamptz,
    decided_at    timestamptz,
    overdue_at    timestamptz,                                     -- when the portal saw the term pass without a decision
    UNIQUE (body, registered_at),
    CHECK ((entered_by IS NOT NULL) = (way <> 'signed') AND (author IS NOT NULL OR entered_by IS NOT NULL)),
    CHECK ((draft IS NOT NULL) = (status = 'draft') AND (answers IS NOT NULL) = (status <> 'draft')),
    CHECK (status <> 'draft' OR (author IS NULL) = (entered_by IS NOT NULL)),
    CHECK ((handed IS NOT NULL) <= (previous IS NOT NULL)),
    CHECK ((status = 'draft') = (registered_at IS NULL)),
    CHECK (status = 'draft' OR (body IS NOT NULL AND number IS NOT NULL AND slip_hash IS NOT NULL AND term IS NOT NULL AND due_raw IS NOT NULL AND due_at IS NOT NULL)),
    CHECK (status = 'draft' OR document IS NOT NULL OR previous IS NOT NULL),
    CHECK ((status IN ('draft', 'registered')) = (decided_at IS NULL)),
    CHECK (previous IS DISTINCT FROM id)
);
CREATE INDEX report_author ON report (author, made_at) WHERE author IS NOT NULL;
CREATE INDEX report_body ON report (body, status, registered_at) WHERE status <> 'draft';
CREATE INDEX report_officer ON report (officer) WHERE status = 'registered';
CREATE INDEX report_entered ON report (entered_by) WHERE status = 'draft';

-- What the body decided of a report. Of each registrar there may be a draft; one is
-- signed, and no other after it. What it is and on what ground the prosecutor counts;
-- its words are for the body and the author of the report.
CREATE TABLE report_decision (
    document  uuid        PRIMARY KEY REFERENCES document,
    report    uuid        NOT NULL REFERENCES report,
    author    uuid        NOT NULL REFERENCES officer,
    kind      text        NOT NULL CHECK (kind IN ('erdr', 'joined', 'transferred', 'elsewhere', 'court', 'administrative', 'shelved', 'refused')),
    ground    text        NOT NULL CHECK (ground IN ('register', 'same', 'territory', 'subject', 'disciplinary', 'audit', 'private', 'administrative',
                  'no-information', 'repeated', 'no-audit', 'civil-deal')),
    earlier   uuid        REFERENCES report, -- to which it is joined
    body      uuid        REFERENCES body,   -- to which it is transferred
    terms     bytea       NOT NULL,          -- sealed: the number in the register and its day, where it is sent, reasons, what comes next
    made_at   timestamptz NOT NULL,
    signed_at timestamptz,
    UNIQUE (report, author),
    CHECK ((earlier IS NOT NULL) = (kind = 'joined') AND earlier IS DISTINCT FROM report),
    CHECK ((body IS NOT NULL) = (kind = 'transferred'))
);
CREATE UNIQUE INDEX report_decision_final ON report_decision (report) WHERE signed_at IS NOT NULL;
CREATE INDEX report_decision_earlier ON report_decision (earlier) WHERE earlier IS NOT NULL;

-- The file -----------------------------------------------------------------

-- What lies in the file of a case, sheet by sheet (CPC 296): a PDF with its place.
CREATE TABLE material (
    id         uuid        PRIMARY KEY,
    casefile   uuid        NOT NULL REFERENCES casefile,
    volume     int         NOT NULL CHECK (volume BETWEEN 1 AND 999),
    sheet      int         NOT NULL CHECK (sheet BETWEEN 1 AND 99999), -- the first
    sheets     int         NOT NULL CHECK (sheets BETWEEN 1 AND 2000),
    title      bytea       NOT NULL, -- sealed
    part       text        NOT NULL CHECK (part IN ('case', 'civil-claim', 'prosecution-list')), -- the last is for nobody, CPC 296(1)
    flags      text[]      NOT NULL DEFAULT '{}' CHECK (flags <@ ARRAY['state-secret', 'protected-person', 'covert', 'operative', 'counterintel', 'minor-privacy', 'other-secret']),
    document   uuid        NOT NULL UNIQUE REFERENCES document,
    state      text        NOT NULL CHECK (state IN ('rendering', 'ready', 'unreadable')),
    made_at    timestamptz NOT NULL,
    UNIQUE (casefile, volume, sheet)
);

-- One sheet as two pictures, one that a slow telephone has in a second and one
-- that is sharp, and its text if it has one.
CREATE TABLE material_page (
    id       uuid  PRIMARY KEY,
    material uuid  NOT NULL REFERENCES material ON DELETE CASCADE,
    number   int   NOT NULL CHECK (number >= 1), -- within the material
    small    bytea NOT NULL, -- sealed
    size     int   NOT NULL CHECK (size BETWEEN 1 AND 46080), -- of the small one, bytes, before sealing
    width    int   NOT NULL CHECK (width BETWEEN 1 AND 2000), -- of the small one, pixels
    height   int   NOT NULL CHECK (height BETWEEN 1 AND 2000),
    sharp    bytea NOT NULL, -- sealed
    sharp_size int NOT NULL CHECK (sharp_size BETWEEN 1 AND 204800),
    words    bytea,          -- sealed
    UNIQUE (material, number)
);

-- The file is opened to one person for a term (CPC 294), and what came of it.
CREATE TABLE familiarisation (
    id           uuid        PRIMARY KEY,
    casefile     uuid        NOT NULL REFERENCES casefile,
    participant  uuid        NOT NULL REFERENCES participant,
    author       uuid        NOT NULL REFERENCES officer,
    document     uuid        NOT NULL UNIQUE REFERENCES document, -- the notice, signed by the investigator
    opens_on     date        NOT NULL,
    until        date        NOT NULL,
    postponed    int         NOT NULL DEFAULT 0 CHECK (postponed BETWEEN 0 AND 5), -- сутки, CPC 294
    terminated   boolean     NOT NULL DEFAULT false,              -- opened after a termination (CPC 289, 290): nothing is petitioned for, it is complained of
    status       text        NOT NULL CHECK (status IN ('draft', 'open', 'recorded', 'closed', 'lapsed', 'ended')), -- lapsed: its term ended, and it was opened anew; ended: it was taken back, or the investigation goes on
    record       uuid        UNIQUE REFERENCES document,          -- signed by the reader; the investigator's assent closes it
    motions      bytea,      -- sealed: what the reader writes into the record
    made_at      timestamptz NOT NULL,
    opened_at    timestamptz,
    recorded_at  timestamptz,
    closed_at    timestamptz,
    CHECK (until >= opens_on),
    CHECK ((status = 'draft') = (opened_at IS NULL)),
    CHECK ((status IN ('recorded', 'closed')) = (recorded_at IS NOT NULL) AND (status = 'closed') = (closed_at IS NOT NULL))
);
CREATE INDEX familiarisation_participant ON familiarisation (participant);
CREATE UNIQUE INDEX familiarisation_next ON familiarisation (participant) WHERE status = 'draft';
CREATE UNIQUE INDEX familiarisation_now ON familiarisation (participant) WHERE status = 'open';
CREATE INDEX familiarisation_casefile ON familiarisation (casefile);
CREATE INDEX familiarisation_recorded ON familiarisation (recorded_at) WHERE recorded_at IS NOT NULL;

-- Its reader asks that it be postponed (CPC 294), and what he was given. Each is a row of its own:
-- a refusal is complained of, and stays when he asks again.
CREATE TABLE plea (
    id              uuid        PRIMARY KEY,
    familiarisation uuid        NOT NULL REFERENCES familiarisation,
    casefile        uuid        NOT NULL REFERENCES casefile,
    words           bytea       NOT NULL, -- sealed: why
    made_at         timestamptz NOT NULL,
    days            int         CHECK (days BETWEEN 0 AND 5), -- what the investigator gave; 0: he refused
    answered_at     timestamptz,
    CHECK ((days IS NULL) = (answered_at IS NULL))
);
CREATE INDEX plea_familiarisation ON plea (familiarisation);
CREATE UNIQUE INDEX plea_waits ON plea (familiarisation) WHERE days IS NULL;

-- What was read: a page that was on the screen, and for how long.
CREATE TABLE reading (
    familiarisation uuid        NOT NULL REFERENCES familiarisation,
    page            uuid        NOT NULL REFERENCES material_page,
    first_at        timestamptz NOT NULL,
    last_at         timestamptz NOT NULL,
    times           int         NOT NULL CHECK (times > 0),
    seconds         int         NOT NULL CHECK (seconds >= 0),
    told            boolean     NOT NULL, -- the browser tells the time of the last showing itself
    PRIMARY KEY (familiarisation, page)
);

-- A reader's own note or bookmark, encrypted in his browser: the portal has no key.
CREATE TABLE note (
    id       uuid        PRIMARY KEY,
    person   uuid        NOT NULL REFERENCES person,
    page     uuid        NOT NULL REFERENCES material_page ON DELETE CASCADE,
    casefile uuid        NOT NULL REFERENCES casefile, -- with the place: he has his notes when the file is closed again
    volume   int         NOT NULL,
    sheet    int         NOT NULL,
    content  bytea       NOT NULL CHECK (octet_length(content) <= 16384),
    saved_at timestamptz NOT NULL,
    UNIQUE (person, page)
);

-- Filings ------------------------------------------------------------------

CREATE SEQUENCE filing_number;

-- A petition or a complaint, from draft to answer (CPC 99-105). It is received
-- the moment it is signed: no status says "rejected at intake" (CPC 105(1-1)).
CREATE TABLE filing (
    id            uuid        PRIMARY KEY,
    casefile      uuid        REFERENCES casefile,             -- none: a complaint about a report of an offence, of which there is no case
    report        uuid        REFERENCES report,               -- that report, CPC 185(2)
    body          uuid        REFERENCES body,                 -- whose official decides it: its texts are sealed for that office
    filer         bytea,                                       -- sealed: the name of its author, whom nobody knows by a case
    author        uuid        NOT NULL REFERENCES person,
    participant   uuid        REFERENCES participant,          -- the capacity it is filed in; none: of one whose status was not confirmed, CPC 100(1)
    access        uuid        REFERENCES request,              -- the request for access whose refusal, or silence, it contests
    affected      boolean     NOT NULL DEFAULT false,          -- by one who has no status in the case and whom an act affects, CPC 100(1)
    kind          text        NOT NULL CHECK (kind IN ('petition', 'complaint-head', 'complaint-prosecutor', 'complaint-higher', 'complaint-court', 'complaint-judge', 'complaint-registration', 'delay',
                      'recognise', 'security', 'familiarise', 'after-familiarisation', 'format-language', 'restore-term', 'challenge')),
    status        text        NOT NULL CHECK (status IN ('draft', 'filed', 'considered', 'waiting', 'granted', 'granted-part', 'refused', 'withdrawn')),
    language      text        NOT NULL CHECK (language IN ('kk', 'ru')),
    about         uuid        REFERENCES decision,             -- the decision it contests, if one
    against       uuid        REFERENCES filing,               -- the filing whose answer, or silence, it contests, if one
    previous      uuid        REFERENCES filing,               -- what its author had taken back, and brings again, CPC 100(5)
    ground        text        NOT NULL CHECK (ground IN ('other', 'detention', 'suspect', 'qualification', 'removal', 'search', 'property')), -- the list of CPC 105(2): these have the short term
    what          text        NOT NULL CHECK (what IN ('decision', 'act', 'silence', 'no-registration', 'delay', 'answer', 'ruling', 'nothing')), -- what it contests
    complained    uuid        REFERENCES officer,              -- of whom, where that is one official
    interested    uuid[]      NOT NULL DEFAULT '{}',           -- who must not decide it: complained of, or approved it, CPC 104(1)
    circumstances bytea       NOT NULL,                        -- sealed
    named         bytea,                                       -- sealed: the number of the case as its author named it, or knew it: for when he is nothing in it
    suspend       boolean     NOT NULL DEFAULT false,          -- it asks that what it contests be suspended, CPC 103
    document      uuid        NOT NULL UNIQUE REFERENCES document,
    withdrawal    uuid        UNIQUE REFERENCES document,      -- the paper by which its author takes it back
    decider       uuid        NOT NULL REFERENCES officer,     -- who must answer
    seat          text        NOT NULL CHECK (seat IN ('investigator', 'head', 'prosecutor', 'chief', 'higher', 'judge', 'appeal')), -- and as whom
    former        uuid[]      NOT NULL DEFAULT '{}',           -- for whom it waited before, who sit there no more: the keeper is shown that they do not
    number        text        UNIQUE,
    made_at       timestamptz NOT NULL,
    filed_at      timestamptz,
    term          text,                                        -- the row of deadline/table.go the clock runs by
    due_raw       timestamptz,                                 -- before days off are moved: staff are warned on it
    due_at        timestamptz,                                 -- the legal end: overdue after it
    considered_at timestamptz,
    ended_at      timestamptz,
    overdue_at    timestamptz,                                 -- when the portal saw the term pass without an answer
    CHECK ((status = 'draft') = (filed_at IS NULL)),
    CHECK (status = 'draft' OR (number IS NOT NULL AND due_at IS NOT NULL AND due_raw IS NOT NULL AND term IS NOT NULL)),
    CHECK ((status IN ('granted', 'granted-part', 'refused', 'withdrawn')) = (ended_at IS NOT NULL)),
    CHECK (ground = 'other' OR kind IN ('complaint-head', 'complaint-prosecutor', 'complaint-higher')),
    CHECK (participant IS NOT NULL OR access IS NOT NULL OR affected OR report IS NOT NULL),
    CHECK ((casefile IS NULL) = (report IS NOT NULL) AND (report IS NULL) = (body IS NULL) AND (report IS NULL) = (filer IS NULL)),
    CHECK (report IS NULL OR what = 'no-registration' AND seat IN ('chief', 'higher', 'judge', 'appeal') AND named IS NOT NULL
           AND participant IS NULL AND access IS NULL AND NOT affected AND about IS NULL AND against IS NULL AND previous IS NULL),
    CHECK (about IS NULL OR against IS NULL),
    CHECK (status <> 'withdrawn' OR withdrawal IS NOT NULL),
    CHECK (against IS DISTINCT FROM id),
    CHECK (previous IS DISTINCT FROM id),
    CHECK (due_raw <= due_at)
);
CREATE INDEX filing_decider ON filing (decider, casefile) WHERE status <> 'draft';
CREATE INDEX filing_author ON filing (author, made_at);
CREATE INDEX filing_author_case ON filing (author, casefile);
CREATE INDEX filing_casefile ON filing (casefile, filed_at);
CREATE INDEX filing_previous ON filing (previous) WHERE previous IS NOT NULL;
CREATE INDEX filing_against ON filing (against) WHERE against IS NOT NULL;
CREATE INDEX filing_report ON filing (report) WHERE report IS NOT NULL;
CREATE INDEX filing_due ON filing (decider, due_at) WHERE status IN ('filed', 'considered', 'waiting');
CREATE INDEX filing_seated ON filing (decider) -- each minute it is asked whether he still sits there
    WHERE status IN ('filed', 'considered', 'waiting') AND seat IN ('head', 'chief', 'higher', 'judge', 'appeal');
CREATE INDEX filing_open ON filing (casefile, due_at) WHERE status IN ('filed', 'considered', 'waiting');

-- What its author says after it was filed: of himself, or because he was asked. Each is
-- a signed paper of its own; what was filed stays as it was, and so does its clock.
CREATE TABLE supplement (
    id        uuid        PRIMARY KEY,
    filing    uuid        NOT NULL REFERENCES filing,
    n         int         NOT NULL CHECK (n BETWEEN 1 AND 50),
    kind      text        NOT NULL CHECK (kind IN ('asked', 'added', 'corrected')), -- corrected: the circumstances written anew, whole
    text      bytea       NOT NULL,                            -- sealed
    points    bytea,                                           -- sealed: what more is asked; points of the filing once it is signed
    document  uuid        NOT NULL UNIQUE REFERENCES document,
    made_at   timestamptz NOT NULL,
    signed_at timestamptz,
    UNIQUE (filing, n)
);
CREATE UNIQUE INDEX supplement_draft ON supplement (filing) WHERE signed_at IS NULL;

-- What a filing asks, point by point: the answer must decide each.
CREATE TABLE point (
    id         uuid PRIMARY KEY,
    filing     uuid NOT NULL REFERENCES filing ON DELETE CASCADE,
    n          int  NOT NULL CHECK (n BETWEEN 1 AND 20),
    text       bytea NOT NULL,                                 -- sealed
    supplement uuid REFERENCES supplement,                     -- that asked for it later; none: the filing itself
    UNIQUE (filing, n)
);

-- The answer to a filing: drafted, signed, read.
CREATE TABLE answer (
    filing    uuid        PRIMARY KEY REFERENCES filing,
    author    uuid        NOT NULL REFERENCES officer,
    outcome   text        NOT NULL CHECK (outcome IN ('granted', 'granted-part', 'refused')),
    remedy    text        CHECK (remedy IN ('ask-prosecutor', 'instruct', 'cancel', 'change', 'unlawful', 'oblige-prosecutor')), -- what a granted complaint brings about, CPC 105(3), 106(8)
    reasons   bytea       NOT NULL, -- sealed
    language  text        NOT NULL CHECK (language IN ('kk', 'ru')),
    document  uuid        NOT NULL UNIQUE REFERENCES document,
    made_at   timestamptz NOT NULL,
    signed_at timestamptz,
    CHECK (outcome <> 'refused' OR remedy IS NULL),
    read_at   timestamptz           -- when the filer first opened it: his term for the court runs from then (CPC 106); that of others whose affair it is, from their own "opening"
);
CREATE INDEX answer_read ON answer (read_at) WHERE read_at IS NOT NULL; -- from then a term runs, of which its reader is reminded

-- What the answer says of one point. Refused, if only in part: why, and by which article.
CREATE TABLE resolution (
    point   uuid  PRIMARY KEY REFERENCES point,
    outcome text  NOT NULL CHECK (outcome IN ('granted', 'granted-part', 'refused')),
    reasons bytea, -- sealed
    article bytea, -- sealed
    CHECK (outcome = 'granted' OR reasons IS NOT NULL AND article IS NOT NULL)
);

-- "This point was not answered", says who asked. The outcome stays; who supervises sees it.
CREATE TABLE dispute (
    point  uuid        PRIMARY KEY REFERENCES point,
    person uuid        NOT NULL REFERENCES person,
    text   bytea       NOT NULL, -- sealed
    at     timestamptz NOT NULL
);

-- What the author of a filing and the official who decides it write to one another. It
-- is in the record of acts by its digest, and decides nothing.
CREATE TABLE message (
    id          uuid        PRIMARY KEY,
    filing      uuid        NOT NULL REFERENCES filing,
    person      uuid        NOT NULL REFERENCES person,
    official    boolean     NOT NULL,                              -- from the one who decides
    text        bytea       NOT NULL,                              -- sealed
    digest      bytea       NOT NULL CHECK (length(digest) = 32),  -- SHA-256 of the text
    made_at     timestamptz NOT NULL,
    promised_on date,                                              -- by when the portal promises a reply: no term of the Code
    read_at     timestamptz,                                       -- when the other side first opened it
    CHECK (NOT official OR promised_on IS NULL)
);
CREATE INDEX message_filing ON message (filing, made_at);

-- No answer with a point left out is ever registered: the trigger holds even where the
-- code would forget.
CREATE FUNCTION answer_is_whole() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.signed_at IS NOT NULL AND EXISTS (
        SELECT FROM point p LEFT JOIN resolution r ON r.point = p.id WHERE p.filing = NEW.filing AND r.point IS NULL) THEN
        RAISE EXCEPTION 'the answer leaves a point out' USING ERRCODE = 'check_violation', CONSTRAINT = 'answer_is_whole';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER answer_is_whole BEFORE INSERT OR UPDATE ON answer
    FOR EACH ROW EXECUTE FUNCTION answer_is_whole();

-- A filing handed on by whoever got what is not his to decide, with his explanations
-- (CPC 105(1)). The term runs on from the day it was filed.
CREATE TABLE forward (
    id        uuid        PRIMARY KEY,
    filing    uuid        NOT NULL REFERENCES filing,
    author    uuid        NOT NULL REFERENCES officer,
    himself   boolean     NOT NULL,   -- he says it is about him: he decides it no more, CPC 104(1)
    addressee uuid        NOT NULL REFERENCES officer CHECK (addressee <> author),
    seat      text        NOT NULL CHECK (seat IN ('investigator', 'head', 'prosecutor', 'chief', 'higher', 'judge', 'appeal')),
    words     bytea       NOT NULL,   -- sealed
    language  text        NOT NULL CHECK (language IN ('kk', 'ru')),
    document  uuid        NOT NULL UNIQUE REFERENCES document,
    made_at   timestamptz NOT NULL,
    signed_at timestamptz
);
CREATE INDEX forward_filing ON forward (filing, signed_at);
CREATE UNIQUE INDEX forward_draft ON forward (filing, author) WHERE signed_at IS NULL;

-- A term made longer, once, with a notice to the complainant (CPC 105(2)). The dates
-- before it are kept.
CREATE TABLE extension (
    filing    uuid        PRIMARY KEY REFERENCES filing,
    author    uuid        NOT NULL REFERENCES officer,
    reason    bytea       NOT NULL,   -- sealed
    was_term  text        NOT NULL,
    was_raw   timestamptz NOT NULL,
    was_due   timestamptz NOT NULL,
    due_raw   timestamptz NOT NULL,
    due_at    timestamptz NOT NULL CHECK (due_at > was_due),
    language  text        NOT NULL CHECK (language IN ('kk', 'ru')),
    document  uuid        NOT NULL UNIQUE REFERENCES document,
    made_at   timestamptz NOT NULL,
    signed_at timestamptz CHECK (signed_at < was_due)
);

-- What an official asks the author to add, point by point, and his signed answer. The
-- term runs on: no article stops it.
CREATE TABLE addition (
    id          uuid        PRIMARY KEY,
    filing      uuid        NOT NULL REFERENCES filing,
    asked_by    uuid        NOT NULL REFERENCES officer,
    asked_at    timestamptz NOT NULL,
    supplement  uuid        UNIQUE REFERENCES supplement ON DELETE SET NULL, -- the answer
    answered_at timestamptz,
    CHECK (answered_at IS NULL OR supplement IS NOT NULL)
);
CREATE INDEX addition_filing ON addition (filing, asked_at);
CREATE TABLE addition_point (
    id       uuid  PRIMARY KEY,
    addition uuid  NOT NULL REFERENCES addition,
    n        int   NOT NULL CHECK (n BETWEEN 1 AND 10),
    asked    bytea NOT NULL, -- sealed
    reply    bytea,          -- sealed
    UNIQUE (addition, n)
);

-- What the prosecutor did with a head's request to cancel a ruling (CPC 105(3)).
CREATE TABLE cancellation (
    filing     uuid        PRIMARY KEY REFERENCES filing,
    author     uuid        NOT NULL REFERENCES officer,
    cancelled  boolean     NOT NULL,
    words      bytea       NOT NULL, -- sealed
    settled_at timestamptz NOT NULL
);

-- Files beside a filing or a report of an offence, as they came and, where that could
-- harm or tell too much, as others open them (portal/attachment). Once it is filed or
-- registered they change no more: its signed paper names each with its SHA-256. Only the
-- scanner's word may come later. Those of a report are sealed for the body from the
-- start, for what is sealed is bound to its place; while it is a draft its row is its
-- author's alone.
CREATE TABLE attachment (
    id          uuid        PRIMARY KEY,
    filing      uuid        REFERENCES filing ON DELETE CASCADE,
    report      uuid        REFERENCES report ON DELETE CASCADE,
    body        uuid        REFERENCES body,                    -- that a report's are sealed for
    author      uuid        NOT NULL REFERENCES person,
    place       int         NOT NULL CHECK (place >= 1), -- they are listed in this order
    name        bytea       NOT NULL,                    -- sealed
    kind        text        NOT NULL CHECK (kind IN ('pdf', 'jpeg', 'png', 'docx', 'odt', 'mp3', 'm4a', 'aac', 'ogg', 'wav', 'mp4', 'webm')),
    size        bigint      NOT NULL CHECK (size BETWEEN 1 AND 104857600),
    received    bigint      NOT NULL CHECK (received BETWEEN 0 AND size),
    digest      bytea       CHECK (length(digest) = 32), -- SHA-256; of what was announced, until all has come
    state       text        NOT NULL CHECK (state IN ('receiving', 'checking', 'waiting', 'clean', 'quarantined')),
    copy_kind   text        CHECK (copy_kind IN ('pdf', 'jpeg', 'png')),
    copy_size   bigint      CHECK (copy_size >= 1),
    copy_digest bytea       CHECK (length(copy_digest) = 32),
    disarmed    boolean     NOT NULL,                    -- the copy lacks something active that the original has
    made_at     timestamptz NOT NULL,
    scanned_at  timestamptz,
    CHECK (state IN ('receiving', 'checking') OR received = size AND digest IS NOT NULL),
    CHECK (state <> 'quarantined' OR scanned_at IS NOT NULL),
    CHECK ((copy_kind IS NULL) = (copy_size IS NULL) AND (copy_kind IS NULL) = (copy_digest IS NULL)),
    CHECK (NOT disarmed OR copy_kind IS NOT NULL),
    CHECK (num_nonnulls(filing, report) = 1 AND (report IS NULL) = (body IS NULL))
);
CREATE INDEX attachment_filing ON attachment (filing, place);
CREATE INDEX attachment_report ON attachment (report, place) WHERE report IS NOT NULL;
CREATE INDEX attachment_author ON attachment (author, made_at);
CREATE INDEX attachment_coming ON attachment (made_at) WHERE state IN ('receiving', 'checking');
CREATE INDEX attachment_waiting ON attachment (made_at) WHERE state = 'waiting';

-- They lie in pieces of at most 256 KiB. The id is made of the three columns after
-- it, and the seal binds it: no piece opens in another place. Where the portal has a
-- bucket (PORTAL_S3), the row keeps the wraps and the first 16 bytes of the sealed text,
-- and the rest of it lies there under its SHA-256; it is there before the row is.
CREATE TABLE attachment_chunk (
    id         uuid  PRIMARY KEY,
    attachment uuid  NOT NULL REFERENCES attachment ON DELETE CASCADE,
    part       text  NOT NULL CHECK (part IN ('original', 'copy')),
    n          int   NOT NULL CHECK (n >= 0),
    content    bytea NOT NULL CHECK (octet_length(content) BETWEEN 1 AND 266240), -- sealed
    outside    bytea CHECK (length(outside) = 32), -- SHA-256 of the rest, which lies in the bucket
    rest       int   CHECK (rest BETWEEN 1 AND 266240), -- its length
    UNIQUE (attachment, part, n),
    CHECK ((outside IS NULL) = (rest IS NULL))
);
CREATE INDEX attachment_chunk_outside ON attachment_chunk (outside) WHERE outside IS NOT NULL;
ALTER TABLE attachment_chunk ALTER content SET STORAGE EXTERNAL; -- it does not get smaller

CREATE FUNCTION attachment_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    of uuid;
    now_is text;
BEGIN
    IF TG_TABLE_NAME = 'attachment' THEN
        of := CASE WHEN TG_OP = 'DELETE' THEN coalesce(OLD.filing, OLD.report) ELSE coalesce(NEW.filing, NEW.report) END;
    ELSE
        SELECT coalesce(filing, report) INTO of FROM attachment WHERE id = CASE WHEN TG_OP = 'DELETE' THEN OLD.attachment ELSE NEW.attachment END;
    END IF;
    IF TG_OP = 'INSERT' THEN -- alone: what goes with its file goes by the hand of the owner, who has no fence
        IF fence.handing(of) OR TG_TABLE_NAME = 'attachment_chunk' AND fence.handing_file((to_jsonb(NEW) ->> 'attachment')::uuid) THEN
            RETURN NEW; -- handed on with a report that is registered anew elsewhere
        END IF;
    END IF;
    SELECT status INTO now_is FROM filing WHERE id = of UNION ALL SELECT status FROM report WHERE id = of;
    IF now_is = 'draft' OR now_is IS NULL AND TG_OP = 'DELETE' THEN -- the draft is given up, and takes them along
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_TABLE_NAME = 'attachment' AND TG_OP = 'UPDATE' THEN
        IF OLD.state = 'waiting' AND NEW.state IN ('clean', 'quarantined')
           AND to_jsonb(OLD) - 'state' - 'scanned_at' = to_jsonb(NEW) - 'state' - 'scanned_at' THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'an attachment of a filing that was filed does not change' USING ERRCODE = 'check_violation', CONSTRAINT = 'attachment_is_final';
END $$;
CREATE TRIGGER attachment_is_final BEFORE INSERT OR UPDATE OR DELETE ON attachment
    FOR EACH ROW WHEN (current_user <> 'portal_rotate') EXECUTE FUNCTION attachment_is_final();
CREATE TRIGGER attachment_is_final BEFORE INSERT OR UPDATE OR DELETE ON attachment_chunk
    FOR EACH ROW WHEN (current_user <> 'portal_rotate') EXECUTE FUNCTION attachment_is_final();

-- Days of rest the Government moved after the built-in calendar (portal/deadline/holidays.csv)
-- was made. A line is never changed; of two lines of one day the later one stands.
CREATE TABLE day_off (
    id      uuid        PRIMARY KEY,
    date    date        NOT NULL CHECK (date BETWEEN '2025-01-01' AND '2099-12-31'),
    off     boolean     NOT NULL,
    key     text        NOT NULL CHECK (key ~ '^[a-z_]{2,40}$'), -- why, a word under law.day-off
    source  text        NOT NULL CHECK (length(source) BETWEEN 5 AND 300),
    made_at timestamptz NOT NULL
);

-- A filing whose last day was made a day off: the term ends later, CPC 48(4).
CREATE TABLE recount (
    id      uuid        PRIMARY KEY,
    filing  uuid        NOT NULL REFERENCES filing,
    day_off uuid        NOT NULL REFERENCES day_off,
    was_due timestamptz NOT NULL,
    due_at  timestamptz NOT NULL CHECK (due_at > was_due), -- a term never gets shorter for who must act
    made_at timestamptz NOT NULL,
    UNIQUE (filing, day_off)
);

-- "I disagree with the count": for the record; the clock runs on.
CREATE TABLE count_objection (
    id      uuid        PRIMARY KEY,
    filing  uuid        NOT NULL REFERENCES filing,
    person  uuid        NOT NULL REFERENCES person,
    words   bytea       NOT NULL, -- sealed
    due_at  timestamptz NOT NULL, -- the end he disagrees with
    made_at timestamptz NOT NULL,
    UNIQUE (filing, person, due_at)
);

-- A private address under which a calendar program reads somebody's terms (portal/agenda).
CREATE TABLE feed (
    id         uuid        PRIMARY KEY,
    person     uuid        NOT NULL REFERENCES person,
    token_hash bytea       NOT NULL UNIQUE CHECK (length(token_hash) = 32), -- SHA-256 of the secret in the address
    scope      text        NOT NULL CHECK (scope IN ('all', 'case')),
    casefile   uuid        REFERENCES casefile,
    language   text        NOT NULL CHECK (language IN ('kk', 'ru')),
    made_at    timestamptz NOT NULL,
    seen_at    timestamptz, -- when it was last read, to the hour
    ended_at   timestamptz,
    CHECK ((scope = 'case') = (casefile IS NOT NULL))
);
CREATE INDEX feed_person ON feed (person) WHERE ended_at IS NULL;

-- Whom an advocate lets write drafts for him, until a day (portal/assist).
CREATE TABLE assistant (
    id       uuid        PRIMARY KEY,
    advocate uuid        NOT NULL REFERENCES person,
    person   uuid        NOT NULL REFERENCES person,
    name     bytea       NOT NULL, -- sealed: as the advocate wrote it, for an IIN tells nobody a name
    until    date        NOT NULL, -- the last day
    made_at  timestamptz NOT NULL,
    ended_at timestamptz,
    CHECK (person <> advocate)
);
CREATE UNIQUE INDEX assistant_now ON assistant (advocate, person) WHERE ended_at IS NULL;
CREATE INDEX assistant_person ON assistant (person) WHERE ended_at IS NULL;

-- A draft that an assistant writes, with all of the case that the advocate lets him
-- know: its number, the kind, and what it is about. Nothing of it is filed: the
-- advocate makes a draft of his own of it, and signs that.
CREATE TABLE errand (
    id            uuid        PRIMARY KEY,
    assistant     uuid        NOT NULL REFERENCES assistant,
    advocate      uuid        NOT NULL REFERENCES person,
    casefile      uuid        NOT NULL REFERENCES casefile,
    participant   uuid        NOT NULL REFERENCES participant, -- the advocate, in the capacity he will file it in
    kind          text        NOT NULL,
    about         uuid        REFERENCES decision,
    case_number   bytea       NOT NULL, -- sealed: his assistant is nothing in that case
    advocate_name bytea       NOT NULL, -- sealed, for the same reason
    about_kind    text,
    about_on      date,
    language      text        NOT NULL CHECK (language IN ('kk', 'ru')),
    wish          bytea       NOT NULL, -- sealed: what the advocate wants
    circumstances bytea       NOT NULL, -- sealed
    points        bytea       NOT NULL, -- sealed: a line each
    status        text        NOT NULL CHECK (status IN ('given', 'handed', 'taken')),
    filing        uuid,                 -- the advocate's draft that became of it
    made_at       timestamptz NOT NULL,
    saved_at      timestamptz NOT NULL,
    handed_at     timestamptz,
    CHECK ((about IS NULL) = (about_kind IS NULL) AND (about IS NULL) = (about_on IS NULL)),
    CHECK ((status = 'taken') = (filing IS NOT NULL)),
    CHECK (status = 'given' OR handed_at IS NOT NULL)
);
CREATE INDEX errand_assistant ON errand (assistant);
CREATE INDEX errand_advocate ON errand (advocate, made_at);

-- What people typed into a form and have not sent (portal/typed): thirty days,
-- for the person himself. It is nobody's document yet.
CREATE TABLE typed (
    id       uuid        PRIMARY KEY,            -- from SHA-256 of the person and the address of the form: the seal binds both
    person   uuid        NOT NULL REFERENCES person,
    fields   bytea,                              -- sealed: names and values; NULL once the form is sent
    page     uuid        NOT NULL,               -- the showing of the form that it came from last
    turn     int         NOT NULL CHECK (turn >= 0), -- counts what that page sent: an older text that comes late is not taken
    saved_at timestamptz NOT NULL
);
CREATE INDEX typed_person ON typed (person);
CREATE INDEX typed_saved_at ON typed (saved_at);

-- A signature that was taken, under the key of the page it was given on: whoever sends
-- the same again is led to what came of it (portal/submission). Written in the transaction
-- of the act, so it is there exactly when the act was done.
CREATE TABLE submission (
    key      uuid        PRIMARY KEY,
    person   uuid        NOT NULL REFERENCES person,
    session  uuid        NOT NULL,               -- session.id; the session itself ends
    act      text        NOT NULL CHECK (octet_length(act) BETWEEN 1 AND 100),
    of       uuid        NOT NULL,               -- what the act was done to
    document uuid        NOT NULL CONSTRAINT submission_document UNIQUE REFERENCES document,
    digest   bytea       NOT NULL CHECK (length(digest) = 32),
    at       timestamptz NOT NULL                -- when it had arrived
);
CREATE INDEX submission_digest ON submission (digest);

-- What the register of investigations sends ------------------------------------

-- A message of the register (portal/register/inbound): each is taken once, under the id
-- that it was given there; those about a case in their order. What a message brought
-- stands in its own tables; here is only that it came. One that could not be taken is
-- set aside and keeps waiting none but those of its own case.
CREATE TABLE inbound (
    id       uuid        PRIMARY KEY,
    kind     text        NOT NULL CHECK (kind IN ('bodies', 'persons', 'officers', 'case', 'transfer', 'participant', 'confirmation', 'ending', 'decision', 'joinder', 'severance', 'movement', 'void')),
    digest   bytea       NOT NULL CHECK (length(digest) = 32), -- SHA-256 of its body
    casefile uuid,                                             -- as the register calls it, there or not; none: about no case
    sequence bigint      CHECK (sequence > 0),
    state    text        NOT NULL CHECK (state IN ('taken', 'refused')),
    code     text        NOT NULL CHECK (octet_length(code) <= 100), -- why it was refused, or something in it passed over, a key of i18n
    field    text        NOT NULL CHECK (octet_length(field) <= 100),
    answer   text        NOT NULL CHECK (octet_length(answer) <= 131072),
    tries    int         NOT NULL CHECK (tries > 0),
    came_at  timestamptz NOT NULL,
    last_at  timestamptz NOT NULL,
    batch    uuid,                                             -- came with others, and one act answers for them: its digest is SHA-256 of theirs
    line     int         CHECK (line > 0),                     -- in the order of these numbers
    CHECK ((casefile IS NULL) = (sequence IS NULL)),
    CHECK (state = 'taken' OR code <> ''),
    CHECK ((batch IS NULL) = (line IS NULL))
);
CREATE UNIQUE INDEX inbound_order ON inbound (casefile, sequence) WHERE state = 'taken';
CREATE INDEX inbound_batch ON inbound USING brin (batch); -- they come in the order of their ids
CREATE INDEX inbound_aside ON inbound (last_at) WHERE code <> '';

-- Where a case is on its way, as the register says: it is conducted, it stands still, it
-- went to the prosecutor or to the court.
CREATE TABLE movement (
    id       uuid        PRIMARY KEY, -- of the message
    casefile uuid        NOT NULL REFERENCES casefile,
    state    text        NOT NULL CHECK (state IN ('conducted', 'interrupted', 'terminated', 'with-prosecutor', 'in-court')),
    since    date        NOT NULL,
    made_at  timestamptz NOT NULL
);
CREATE INDEX movement_casefile ON movement (casefile, since, made_at);

-- What the register of investigations is told ---------------------------------

-- An act that the register is told of (portal/register/feed), made of the record and made
-- of it again if it is lost: ids, kinds and times, nothing that people wrote. Those of one
-- line, a case or a report without one, are told in their order.
CREATE TABLE event (
    seq      bigint      PRIMARY KEY CHECK (seq > 0),           -- of the act: its position
    line     uuid        NOT NULL,
    previous bigint      CHECK (previous < seq),                -- the one before in its line; none: the first
    document uuid        REFERENCES document,                   -- the paper it is about, if one
    body     text        NOT NULL CHECK (octet_length(body) <= 4096), -- JSON, as it is sent and signed
    made_at  timestamptz NOT NULL
);
CREATE INDEX event_line ON event (line, seq);
CREATE INDEX event_document ON event (document) WHERE document IS NOT NULL;

-- How far the record has been read for that: one row.
CREATE TABLE herald (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    seq bigint  NOT NULL CHECK (seq >= 0)
);
INSERT INTO herald (seq) VALUES (0);

-- Who is told. To silence of the whole address, which more than one line met, each try waits
-- longer, an hour at most. One that has no address any more is retired: nothing is sent to
-- him, and nothing sealed.
CREATE TABLE subscriber (
    id       uuid        PRIMARY KEY,
    name     text        NOT NULL UNIQUE CHECK (octet_length(name) BETWEEN 1 AND 100),
    url      text        NOT NULL CHECK (octet_length(url) <= 500), -- '': retired
    seal     bytea       CHECK (length(seal) = 32),             -- X25519, public: what papers are sealed to; none: it gets none
    made_at  timestamptz NOT NULL,
    silent   int         NOT NULL CHECK (silent >= 0),          -- tries that nobody answered, since the last answer
    run_at   timestamptz NOT NULL,
    heard_at timestamptz                                        -- when it took an event last
);

-- An event on its way to a subscriber. What it refused again and again, or could not answer
-- for a day while it took others, is set aside, and what comes after it in its line waits
-- until somebody on duty has looked.
CREATE TABLE sending (
    subscriber   uuid        NOT NULL REFERENCES subscriber,
    seq          bigint      NOT NULL REFERENCES event,
    line         uuid        NOT NULL,
    state        text        NOT NULL CHECK (state IN ('waiting', 'taken', 'aside')),
    tries        int         NOT NULL CHECK (tries >= 0),
    refused      int         NOT NULL CHECK (refused >= 0),     -- how often it was the event that failed, and not the register
    failure      text        NOT NULL CHECK (octet_length(failure) <= 100), -- the kind of the last failure, never the words
    run_at       timestamptz NOT NULL,
    leased_until timestamptz,                                   -- in hand until then; of one that is in nobody's, when it was tried last
    settled_at   timestamptz,
    PRIMARY KEY (subscriber, seq),
    CHECK ((state = 'waiting') = (settled_at IS NULL))
);
CREATE INDEX sending_due ON sending (subscriber, run_at, seq) WHERE state = 'waiting';
CREATE INDEX sending_open ON sending (subscriber, line, seq) WHERE state <> 'taken';
CREATE INDEX sending_aside ON sending (settled_at) WHERE state = 'aside';

-- A signed paper and its signature for a subscriber, sealed to his key in the moment of
-- the signing: the portal cannot open it again.
CREATE TABLE event_paper (
    document   uuid        NOT NULL REFERENCES document,
    subscriber uuid        NOT NULL REFERENCES subscriber,
    content    bytea       NOT NULL CHECK (octet_length(content) <= 33554432), -- HPKE
    made_at    timestamptz NOT NULL,
    PRIMARY KEY (document, subscriber)
);

-- Notices ------------------------------------------------------------------

-- That something happened, for one person: the outbox is the record of acts, and a
-- worker behind a cursor makes these of it (portal/notice). It says that there is news and
-- of which thing, never what. id is made of the act, or of the term, and the person, so
-- that nobody is told of one thing twice.
CREATE TABLE notice (
    id        uuid        PRIMARY KEY,
    seq       bigint      CHECK (seq > 0),                             -- of the act; none: a reminder
    person    uuid        NOT NULL REFERENCES person,
    kind      text        NOT NULL CHECK (kind IN ('filing', 'work', 'decision', 'status', 'request', 'file', 'access', 'draft', 'office', 'contacts', 'report', 'key', 'alarm', 'last-days', 'last-day')),
    urgency   text        NOT NULL CHECK (urgency IN ('urgent', 'statutory', 'plain')),
    object    text        NOT NULL CHECK (octet_length(object) BETWEEN 1 AND 63),
    object_id uuid        NOT NULL,
    casefile  uuid,
    number    text        NOT NULL CHECK (length(number) <= 40),       -- of the filing or the report; '': it has none in clear
    at        timestamptz NOT NULL,                                    -- of the act
    due_at    timestamptz,                                             -- of a reminder: when the term ends; afterwards it is not sent
    made_at   timestamptz NOT NULL,
    read_at   timestamptz,
    CHECK ((kind IN ('last-days', 'last-day')) = (due_at IS NOT NULL))
);
CREATE INDEX notice_person ON notice (person, at, id);
CREATE INDEX notice_unread ON notice (person) WHERE read_at IS NULL;
CREATE INDEX notice_seq ON notice (seq) WHERE seq IS NOT NULL;
CREATE INDEX notice_made ON notice (made_at);

-- Where somebody is told outside the portal. What sends has to read it while nobody is
-- signed in, so the portal itself can open these two, and nobody else (vault.SealHand).
CREATE TABLE contact (
    id           uuid        PRIMARY KEY,
    person       uuid        NOT NULL REFERENCES person,
    channel      text        NOT NULL CHECK (channel IN ('email', 'sms', 'push')),
    address      bytea       NOT NULL, -- sealed for the portal's own hand
    address_tag  bytea       NOT NULL CHECK (length(address_tag) = 32), -- keyed PRF: how often codes go there, whoever asks
    code         bytea,                -- sealed for the portal's own hand: what comes there and is typed here
    code_at      timestamptz,          -- when it was made
    tries        int         NOT NULL DEFAULT 0 CHECK (tries BETWEEN 0 AND 5), -- wrong ones of this code
    codes        int         NOT NULL DEFAULT 0 CHECK (codes BETWEEN 0 AND 5), -- how many were sent
    safe         boolean     NOT NULL, -- nobody but the person himself reads what comes there
    made_at      timestamptz NOT NULL,
    confirmed_at timestamptz,
    ended_at     timestamptz,
    CHECK ((code IS NULL) = (code_at IS NULL)),
    CHECK (confirmed_at IS NULL OR code IS NULL)
);
CREATE INDEX contact_person ON contact (person, made_at);
CREATE INDEX contact_address ON contact (address_tag, made_at);
CREATE UNIQUE INDEX contact_now ON contact (person, channel) WHERE confirmed_at IS NOT NULL AND ended_at IS NULL;

-- How somebody wishes to be told. Who has no row gets the defaults of portal/notice.
CREATE TABLE manner (
    person     uuid        PRIMARY KEY REFERENCES person,
    language   text        NOT NULL CHECK (language IN ('kk', 'ru')),
    channel    text        NOT NULL CHECK (channel IN ('', 'email', 'sms', 'push')), -- first; '': the order of the house
    silent     boolean     NOT NULL, -- what no law demands comes into the portal alone
    night_begins int         NOT NULL CHECK (night_begins BETWEEN 0 AND 23), -- the hours of the night, Almaty; equal: none
    night_ends   int         NOT NULL CHECK (night_ends BETWEEN 0 AND 23),
    discreet   boolean     NOT NULL, -- neutral words, and only where nobody else reads
    saved_at   timestamptz NOT NULL
);

-- One sending of one notice, or of the code that proves an address. Another channel that
-- takes over is another row. What it says and where it goes is put together when it goes.
CREATE TABLE delivery (
    id         uuid        PRIMARY KEY,
    notice     uuid        REFERENCES notice, -- none: the code of the contact
    person     uuid        NOT NULL REFERENCES person,
    contact    uuid        NOT NULL REFERENCES contact,
    channel    text        NOT NULL CHECK (channel IN ('email', 'sms', 'push')),
    state      text        NOT NULL CHECK (state IN ('queued', 'sent', 'delivered', 'failed', 'fallback')), -- fallback: another channel took over
    previous   uuid        REFERENCES delivery, -- the one that it took over from
    again      boolean     NOT NULL,  -- the person asked for it once more
    tries      int         NOT NULL DEFAULT 0 CHECK (tries >= 0),
    due_at     timestamptz NOT NULL,  -- when the person should have it: after the night, if there is one
    run_at     timestamptz NOT NULL,  -- when it is tried next
    leased_until timestamptz,         -- a process has it in hand until then
    until      timestamptz NOT NULL,  -- after this it is of no use
    ref        text        NOT NULL DEFAULT '' CHECK (length(ref) <= 200), -- by which its receipt names it
    made_at    timestamptz NOT NULL,
    sent_at    timestamptz,
    settled_at timestamptz,
    CHECK (state NOT IN ('sent', 'delivered') OR sent_at IS NOT NULL),
    CHECK ((state IN ('delivered', 'failed', 'fallback')) = (settled_at IS NOT NULL))
);
CREATE INDEX delivery_due ON delivery (channel, run_at, id) WHERE state = 'queued';
CREATE INDEX delivery_late ON delivery (due_at) WHERE state = 'queued';
CREATE INDEX delivery_awaited ON delivery (sent_at) WHERE state = 'sent';
CREATE INDEX delivery_vain ON delivery (channel, settled_at) WHERE sent_at IS NULL;
CREATE INDEX delivery_taken ON delivery (channel, sent_at) WHERE sent_at IS NOT NULL;
CREATE INDEX delivery_ref ON delivery (channel, ref) WHERE ref <> '';
CREATE INDEX delivery_notice ON delivery (notice);
CREATE INDEX delivery_made ON delivery (made_at);
CREATE INDEX delivery_person ON delivery (person, made_at);
CREATE INDEX delivery_code ON delivery (contact, made_at) WHERE notice IS NULL;

-- How far the worker has read the record, and what everybody may know of its work: one row.
CREATE TABLE courier (
    one        boolean     PRIMARY KEY DEFAULT true CHECK (one),
    seq        bigint      NOT NULL CHECK (seq >= 0),                  -- the last act that everybody was told of
    checked    bigint      NOT NULL CHECK (checked >= 0),              -- the last act that the nightly check saw
    waits      int         NOT NULL CHECK (waits >= 0),                -- to be sent now
    late       int         NOT NULL CHECK (late >= 0),                 -- for five minutes or longer
    late_since timestamptz,                                            -- since when the oldest of these
    month      int         NOT NULL CHECK (month >= 0),                -- due in the last thirty days
    in_time    int         NOT NULL CHECK (in_time BETWEEN 0 AND month), -- of these sent within five minutes
    counted_at timestamptz
);
INSERT INTO courier (seq, checked, waits, late, month, in_time) VALUES (0, 0, 0, 0, 0, 0);

-- Anonymous ----------------------------------------------------------------

-- What somebody told a body without saying who he is (portal/tip; CPC 181(6): no ground
-- for an investigation). No author, no address, no browser, no time but the day; ids are
-- random, for a UUIDv7 tells the moment. handle and key come out of the receipt code,
-- which stands nowhere.
CREATE TABLE tip (
    id           uuid  PRIMARY KEY,
    body         uuid  NOT NULL REFERENCES body,
    handle       bytea NOT NULL UNIQUE CHECK (length(handle) = 32), -- under which whoever has the code finds it
    key          bytea NOT NULL CHECK (length(key) = 32),           -- X25519, public: what is sealed to it opens with the code alone
    day          date  NOT NULL,
    status       text  NOT NULL CHECK (status IN ('sent', 'opened', 'closed')),
    closed_on    date,
    forgotten_on date,                                              -- its texts were destroyed
    CHECK ((status = 'closed') = (closed_on IS NOT NULL)),
    CHECK (forgotten_on IS NULL OR closed_on IS NOT NULL)
);
CREATE INDEX tip_body ON tip (body, status, day);

-- What was written, by both. What comes is put into the record of acts a day later, all of
-- a day in one row; what officials write is an act at once.
CREATE TABLE tip_message (
    id     uuid  PRIMARY KEY,
    tip    uuid  NOT NULL REFERENCES tip,
    n      int   NOT NULL CHECK (n > 0),
    author uuid  REFERENCES officer,                          -- NULL: whoever holds the code
    day    date  NOT NULL,
    text   bytea,                                             -- sealed for the body
    own    bytea,                                             -- sealed to the key of the code
    digest bytea NOT NULL CHECK (octet_length(digest) = 32),  -- of both, as they are sealed; it stays when they go
    batch  uuid,                                              -- the act that answers for it: record.object_id of a tip-day
    UNIQUE (tip, n),
    CHECK ((text IS NULL) = (own IS NULL))
);
CREATE INDEX tip_message_batch ON tip_message (batch);

-- The files of a message as they were made anew from what was sent: no name, nothing of
-- the camera, the program or the person, and of a document no more than can be seen. What
-- came is nowhere. The sealed text of the message names each with its SHA-256.
CREATE TABLE tip_file (
    id      uuid   PRIMARY KEY,  -- made of the message and the place
    tip     uuid   NOT NULL REFERENCES tip,
    message uuid   NOT NULL REFERENCES tip_message,
    n       int    NOT NULL CHECK (n BETWEEN 1 AND 3),
    kind    text   NOT NULL CHECK (kind IN ('pdf', 'jpeg', 'png')),
    size    bigint NOT NULL CHECK (size BETWEEN 1 AND 10485760),
    digest  bytea  NOT NULL CHECK (length(digest) = 32), -- of what is sealed, without the wraps
    content bytea  NOT NULL, -- sealed, for the body
    UNIQUE (message, n)
);
ALTER TABLE tip_file ALTER content SET STORAGE EXTERNAL; -- it does not get smaller
CREATE INDEX tip_file_tip ON tip_file (tip);

-- Traces -------------------------------------------------------------------
--
-- What was done leaves three things, all in the transaction of the act itself:
--
--   trace       one row for each row of a protected table that came, changed or went
--   record      one row for each act: who, what, when, by which article, and the
--               digest of the traces that it answers for
--   tree        the hashes of a Merkle tree over record (RFC 6962)
--
-- and from time to time a checkpoint, the root of that tree with a signature, which
-- goes out of the house. A superuser can take the triggers below away and change
-- what he likes; he cannot make the tree that others hold agree with it.
--
-- Only the functions of this section write here: the roles that serve may call
-- ledger.record, and nothing else. portal/ledger computes all of it again in Go.

CREATE SCHEMA ledger;

-- A row that came, changed or went. cols is the first 16 bytes of the SHA-256 of each
-- column, in their order; sixteen zeros are NULL. seq is the act that answers for it:
-- none if somebody changed the row past the portal. No foreign key: ledger.record is
-- its only writer, and a key would cost more than the rest of an act.
CREATE TABLE trace (
    n    bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- has gaps: what was given up
    tab  text        NOT NULL,
    id   text        NOT NULL,                    -- the primary key, parts joined by '/'
    cols bytea       NOT NULL,
    gone boolean     NOT NULL,                    -- deleted: cols is empty
    tx   xid8        NOT NULL,
    at   timestamptz NOT NULL,
    seq  bigint      CHECK (seq > 0)
);
CREATE INDEX trace_tx ON trace (tx) WHERE seq IS NULL;
CREATE INDEX trace_seq ON trace (seq) WHERE seq IS NOT NULL;

-- What was done, by whom, to what and by which article: one row for each act. seq has
-- no gaps; hash is SHA-256 over 0x00 and the row, the leaf of the tree; ledger.go says
-- byte by byte how a row is encoded.
CREATE TABLE record (
    seq       bigint      PRIMARY KEY CHECK (seq > 0),
    at        timestamptz NOT NULL CHECK (isfinite(at)),
    who       uuid        CHECK (who <> '00000000-0000-0000-0000-000000000000'),      -- NULL: the portal itself
    act       text        NOT NULL CHECK (octet_length(act) BETWEEN 1 AND 100),
    object    text        NOT NULL CHECK (octet_length(object) BETWEEN 1 AND 63),     -- the table of the thing
    object_id uuid        NOT NULL,
    casefile  uuid        CHECK (casefile <> '00000000-0000-0000-0000-000000000000'), -- NULL: no case yet
    law       text        NOT NULL CHECK (octet_length(law) <= 200),                  -- '': no article stands behind it
    digest    bytea       CHECK (octet_length(digest) = 32),                          -- SHA-256 of what was signed or changed
    rows      bytea       NOT NULL CHECK (octet_length(rows) = 32),                   -- SHA-256 of its traces; zeros: it changed nothing
    hash      bytea       NOT NULL CHECK (octet_length(hash) = 32)
);
CREATE INDEX record_object ON record (object, object_id, seq);
CREATE INDEX record_casefile ON record (casefile, seq) WHERE casefile IS NOT NULL;
CREATE INDEX record_digest ON record (digest) WHERE digest IS NOT NULL; -- a receipt asks where a paper stands

-- The hashes of the tree over record, in the order and at the places that
-- golang.org/x/mod/sumdb/tlog gives them: a leaf, then every node that it completes.
CREATE TABLE tree (
    i    bigint PRIMARY KEY CHECK (i >= 0),
    hash bytea  NOT NULL CHECK (octet_length(hash) = 32)
);

-- A root of the tree, signed by the auditor: C2SP tlog-checkpoint in a signed note.
CREATE TABLE checkpoint (
    size bigint      PRIMARY KEY CHECK (size > 0),
    root bytea       NOT NULL CHECK (octet_length(root) = 32),
    at   timestamptz NOT NULL,
    note text        NOT NULL CHECK (octet_length(note) <= 10000)
);

-- A database that was put back to a moment. Where others have seen more acts than were
-- left, the rest is lost, and whoever put it back said so (portal restore -give-up): the
-- heads named here, and no others, contradict the record and stop no portal. Where nobody
-- is known to have, seen is acts and there are none, for the register may have been told.
CREATE TABLE restoration (
    id    uuid        PRIMARY KEY,
    acts  bigint      NOT NULL CHECK (acts >= 0),   -- that were left
    seen  bigint      NOT NULL CHECK (seen >= acts), -- that somebody had seen
    heads text[]      NOT NULL CHECK (cardinality(heads) <= 1000000), -- their checkpoints, as they were signed
    at    timestamptz NOT NULL,
    CHECK ((seen > acts) = (cardinality(heads) > 0))
);

-- All of it only grows.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% only grows: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER record_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON record
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER restoration_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON restoration
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER unsealing_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON unsealing
    FOR EACH STATEMENT WHEN (current_user <> 'portal_rotate') EXECUTE FUNCTION refuse_change();
CREATE TRIGGER opening_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON opening
    FOR EACH STATEMENT WHEN (current_user <> 'portal_rotate') EXECUTE FUNCTION refuse_change();
CREATE TRIGGER tree_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON tree
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER checkpoint_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER trace_grows BEFORE DELETE OR TRUNCATE ON trace
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
-- But an act that answers for a trace is noted on it, once.
CREATE TRIGGER trace_stays BEFORE UPDATE ON trace FOR EACH ROW
    WHEN (OLD.seq IS NOT NULL OR NEW.seq IS NULL
       OR (OLD.n, OLD.tab, OLD.id, OLD.cols, OLD.gone, OLD.tx, OLD.at) IS DISTINCT FROM (NEW.n, NEW.tab, NEW.id, NEW.cols, NEW.gone, NEW.tx, NEW.at))
    EXECUTE FUNCTION refuse_change();

-- What was accepted does not go. A row of a protected table goes while it is a draft and
-- never after. Each line says when it may; OLD is the row. Whose hand it is makes no
-- difference, the owner's included; what hangs on a draft goes with it by the owner's hand,
-- whom the fences below show none of it. Files have a trigger of their own, which asks more,
-- and persons and bodies nobody may delete: the rest hangs on them.
DO $$
DECLARE
    name text;
    free text;
BEGIN
    FOR name, free IN VALUES
        ('filing', $f$ OLD.status = 'draft' $f$), ('report', $f$ OLD.status = 'draft' $f$), ('decision', $f$ OLD.status = 'draft' $f$),
        ('request', $f$ OLD.status = 'draft' $f$), ('appointment', $f$ OLD.status = 'draft' $f$), ('participant', $f$ OLD.status = 'draft' $f$),
        ('familiarisation', $f$ OLD.status = 'draft' $f$),
        ('document', $f$ OLD.signed_at IS NULL $f$), ('assent', $f$ OLD.signed_at IS NULL $f$), ('confirmation', $f$ OLD.signed_at IS NULL $f$),
        ('revocation', $f$ OLD.signed_at IS NULL $f$), ('substitution', $f$ OLD.signed_at IS NULL $f$), ('assignment', $f$ OLD.signed_at IS NULL $f$),
        ('exposure', $f$ OLD.signed_at IS NULL $f$), ('redaction', $f$ OLD.signed_at IS NULL $f$), ('supplement', $f$ OLD.signed_at IS NULL $f$),
        ('report_decision', $f$ OLD.signed_at IS NULL $f$), ('service', $f$ OLD.at IS NULL $f$),
        ('decision_text', $f$ NOT EXISTS (SELECT FROM decision d WHERE d.id = OLD.decision AND d.status <> 'draft') $f$),
        ('decision_person', $f$ NOT EXISTS (SELECT FROM decision d WHERE d.id = OLD.decision AND d.status <> 'draft') $f$),
        ('point', $f$ NOT EXISTS (SELECT FROM filing f WHERE f.id = OLD.filing AND f.status <> 'draft') $f$),
        ('resolution', $f$ NOT EXISTS (SELECT FROM answer a JOIN point p ON p.filing = a.filing WHERE p.id = OLD.point AND a.signed_at IS NOT NULL) $f$),
        ('material', $f$ NOT EXISTS (SELECT FROM reading r JOIN material_page g ON g.id = r.page WHERE g.material = OLD.id)
            AND NOT EXISTS (SELECT FROM opening o WHERE o.object = 'material' AND o.object_id = OLD.id AND o.reason = 'own') $f$),
        ('material_page', $f$ NOT EXISTS (SELECT FROM reading r WHERE r.page = OLD.id)
            AND NOT EXISTS (SELECT FROM opening o WHERE o.object = 'material' AND o.object_id = OLD.material AND o.reason = 'own') $f$),
        ('officer', 'false'), ('casefile', 'false'), ('known', 'false'), ('warrant', 'false'), ('evidence', 'false'),
        ('opening', 'false'), ('unsealing', 'false'), ('objection', 'false'), ('answer', 'false'), ('dispute', 'false'), ('message', 'false'), ('forward', 'false'),
        ('extension', 'false'), ('addition', 'false'), ('addition_point', 'false'), ('cancellation', 'false'), ('day_off', 'false'), ('recount', 'false'),
        ('count_objection', 'false'), ('plea', 'false'), ('assistant', 'false'), ('errand', 'false'), ('movement', 'false'), ('restoration', 'false')
    LOOP
        EXECUTE format($f$
            CREATE FUNCTION %1$I() RETURNS trigger LANGUAGE plpgsql AS $t$
            BEGIN
                IF (%2$s) IS TRUE THEN
                    RETURN OLD;
                END IF;
                RAISE EXCEPTION 'what was accepted stays: a row of %% does not go', TG_TABLE_NAME USING ERRCODE = 'restrict_violation', CONSTRAINT = 'stays';
            END $t$ $f$, name || '_stays', free);
        EXECUTE format('CREATE TRIGGER stays BEFORE DELETE ON %I FOR EACH ROW EXECUTE FUNCTION %I()', name, name || '_stays');
        EXECUTE format('CREATE TRIGGER stays_whole BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', name);
    END LOOP;
END $$;

-- What is signed or filed keeps what it says: these columns are as they were then. What
-- comes of it goes on in the others. portal/audit has the same list (final.go), and holds
-- the traces against it where somebody put the triggers to sleep. Documents, evidence and
-- attachments have triggers of their own.
CREATE FUNCTION refuse_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'this row of % was accepted and does not change', TG_TABLE_NAME USING ERRCODE = 'restrict_violation', CONSTRAINT = 'is_final';
END $$;
DO $$
DECLARE
    name text;
    past text;   -- of the row OLD: it is no draft any more
    free text[]; -- what may still change
    kept text;
BEGIN
    FOR name, past, free IN VALUES
        ('filing', 'OLD.number IS NOT NULL', '{status,complained,interested,withdrawal,decider,seat,former,term,due_raw,due_at,considered_at,ended_at,overdue_at}'::text[]),
        ('decision', 'OLD.published_at IS NOT NULL', '{ready_on}'),
        ('answer', 'OLD.signed_at IS NOT NULL', '{read_at}'),
        ('confirmation', 'OLD.signed_at IS NOT NULL', '{}'), ('supplement', 'OLD.signed_at IS NOT NULL', '{}'), ('assent', 'OLD.signed_at IS NOT NULL', '{}'),
        ('revocation', 'OLD.signed_at IS NOT NULL', '{}'), ('assignment', 'OLD.signed_at IS NOT NULL', '{}'), ('forward', 'OLD.signed_at IS NOT NULL', '{}'),
        ('extension', 'OLD.signed_at IS NOT NULL', '{}'), ('report_decision', 'OLD.signed_at IS NOT NULL', '{}'),
        ('exposure', 'OLD.signed_at IS NOT NULL', '{ended_at}'), ('redaction', 'OLD.signed_at IS NOT NULL', '{replaced_at}'),
        ('substitution', 'OLD.signed_at IS NOT NULL', '{ended_at}'),
        ('report', 'OLD.registered_at IS NOT NULL', '{status,decided_at,overdue_at}'), ('request', 'OLD.asked_at IS NOT NULL', '{status,due_at,overdue_at,settled_at}'),
        ('appointment', 'OLD.proposed_at IS NOT NULL', '{second,status,settled_at}'), ('service', 'OLD.at IS NOT NULL', '{due_at}'),
        ('familiarisation', 'OLD.recorded_at IS NOT NULL', '{status,closed_at}'), ('plea', 'OLD.answered_at IS NOT NULL', '{}'),
        ('warrant', 'true', '{}'), ('dispute', 'true', '{}'), ('movement', 'true', '{}'), ('recount', 'true', '{}'), ('count_objection', 'true', '{}'),
        ('cancellation', 'true', '{}'), ('message', 'true', '{read_at}')
    LOOP
        SELECT string_agg(format('OLD.%1$I IS DISTINCT FROM NEW.%1$I', a.attname), ' OR ' ORDER BY a.attnum)
          INTO STRICT kept
          FROM pg_attribute a
         WHERE a.attrelid = name::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> ALL (free);
        EXECUTE format('CREATE TRIGGER is_final BEFORE UPDATE ON %I FOR EACH ROW WHEN (current_user <> ''portal_rotate'' AND %s AND (%s)) EXECUTE FUNCTION refuse_final()', name, past, kept);
    END LOOP;
END $$;

-- The parts of the encodings: numbers big endian, texts with their length before them.
CREATE FUNCTION ledger.micros(at timestamptz) RETURNS bytea LANGUAGE sql IMMUTABLE AS
    $$ SELECT int8send((extract(epoch FROM at) * 1000000)::bigint) $$;
CREATE FUNCTION ledger.sized(b bytea) RETURNS bytea LANGUAGE sql IMMUTABLE AS
    $$ SELECT int2send(octet_length(b)::int2) || b $$;

-- Writes an act down, last in its transaction: it makes all other acts wait until the
-- commit. It answers for what the transaction changed and no act before it answers
-- for. One writer at a time, so that seq has no gaps and each node finds its sister.
CREATE FUNCTION ledger.record(at timestamptz, who uuid, act text, object text, object_id uuid, casefile uuid, law text, digest bytea) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_variable
DECLARE
    now_seq   bigint;
    now_rows  bytea;
    now_hash  bytea;
    leaf      bigint; -- its number in the tree, from 0
    place     bigint; -- where its hash is stored
    sister    bigint; -- the last leaf under the node to the left
    level     int := 0;
BEGIN
    SELECT sha256(string_agg(int8send(t.n) || CASE WHEN t.gone THEN '\x01' ELSE '\x00' END::bytea || int8send(t.tx::text::bigint) || ledger.micros(t.at)
               || ledger.sized(convert_to(t.tab, 'UTF8')) || ledger.sized(convert_to(t.id, 'UTF8')) || ledger.sized(t.cols), '' ORDER BY t.n))
      INTO now_rows
      FROM trace t
     WHERE t.tx = pg_current_xact_id_if_assigned() AND t.at = transaction_timestamp() AND t.seq IS NULL;

    PERFORM pg_advisory_xact_lock(7310002); -- an arbitrary number; only here
    -- A statement of its own, after the lock: it sees what the writer before us committed.
    SELECT coalesce(max(r.seq), 0) + 1 INTO now_seq FROM record r;
    IF now_rows IS NULL THEN
        now_rows := decode(repeat('00', 32), 'hex');
    ELSE
        UPDATE trace t SET seq = now_seq
         WHERE t.tx = pg_current_xact_id_if_assigned() AND t.at = transaction_timestamp() AND t.seq IS NULL;
    END IF;

    now_hash := sha256('\x0002'::bytea || int8send(now_seq) || ledger.micros(at) || uuid_send(coalesce(who, '00000000-0000-0000-0000-000000000000'))
             || ledger.sized(convert_to(act, 'UTF8')) || ledger.sized(convert_to(object, 'UTF8')) || uuid_send(object_id)
             || uuid_send(coalesce(casefile, '00000000-0000-0000-0000-000000000000')) || ledger.sized(convert_to(law, 'UTF8'))
             || coalesce('\x20'::bytea || digest, '\x00') || now_rows);
    INSERT INTO record VALUES (now_seq, at, who, act, object, object_id, casefile, law, digest, now_rows, now_hash);

    -- Leaf n lies at 2n less the ones in n; after it come the nodes that it completes.
    leaf := now_seq - 1;
    place := 2 * leaf - bit_count(leaf::bit(64));
    INSERT INTO tree VALUES (place, now_hash);
    WHILE (leaf >> level) & 1 = 1 LOOP
        sister := ((leaf >> level) << level) - 1;
        SELECT sha256('\x01'::bytea || t.hash || now_hash) INTO STRICT now_hash
          FROM tree t WHERE t.i = 2 * sister - bit_count(sister::bit(64)) + level;
        level := level + 1;
        INSERT INTO tree VALUES (place + level, now_hash);
    END LOOP;
    RETURN now_seq;
END $$;

-- Marks traces of this transaction with the acts that answer for them: the row of_row[i] of
-- the table of_tab[i] belongs to the act after + of_act[i]. Of its own, because a join of
-- some hundred rows with as many must be no loop in a loop.
CREATE FUNCTION ledger.mark(after bigint, of_tab text[], of_row text[], of_act int[]) RETURNS TABLE (act bigint, rows bytea)
    LANGUAGE sql SET search_path = public, pg_temp SET enable_nestloop = off SET enable_seqscan = off AS $$
    WITH marked AS (
        UPDATE trace t SET seq = after + x.act
          FROM unnest(of_tab, of_row, of_act) AS x(tab, id, act)
         WHERE t.tx = pg_current_xact_id_if_assigned() AND t.at = transaction_timestamp() AND t.seq IS NULL AND t.tab = x.tab AND t.id = x.id
     RETURNING t.n, t.tab, t.id, t.cols, t.gone, t.tx, t.at, t.seq)
    SELECT t.seq, sha256(string_agg(int8send(t.n) || CASE WHEN t.gone THEN '\x01' ELSE '\x00' END::bytea || int8send(t.tx::text::bigint) || ledger.micros(t.at)
               || ledger.sized(convert_to(t.tab, 'UTF8')) || ledger.sized(convert_to(t.id, 'UTF8')) || ledger.sized(t.cols), '' ORDER BY t.n))
      FROM marked t GROUP BY t.seq
$$;

-- Writes many acts of one kind down in one step, as ledger.record would one after another,
-- each with a digest; of_digest has 32 bytes for each. Each answers for the rows that are
-- named for it, by table and key; what nobody names waits for the next act of the transaction.
CREATE FUNCTION ledger.record_all(of_at timestamptz, of_deed text, of_object text, of_law text, of_who uuid[], of_id uuid[], of_case uuid[], of_digest bytea,
                                  of_tab text[], of_row text[], of_act int[]) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off AS $$
DECLARE
    after bigint; -- the last act before these: as a number of leaves, the first of them
    n     bigint := cardinality(of_id);
    level int := 0;
    node  bigint; -- the first that these leaves complete at a level
BEGIN
    IF octet_length(of_digest) IS DISTINCT FROM 32 * n OR cardinality(of_who) IS DISTINCT FROM n OR cardinality(of_case) IS DISTINCT FROM n THEN
        RAISE EXCEPTION 'ledger.record_all: lists of different lengths';
    END IF;
    PERFORM pg_advisory_xact_lock(7310002); -- that of ledger.record
    SELECT coalesce(max(r.seq), 0) INTO after FROM record r;

    INSERT INTO record
    SELECT x.seq, of_at, x.who, of_deed, of_object, x.id, x.casefile, of_law, x.digest, x.rows,
           sha256('\x0002'::bytea || int8send(x.seq) || ledger.micros(of_at) || uuid_send(coalesce(x.who, '00000000-0000-0000-0000-000000000000'))
               || ledger.sized(convert_to(of_deed, 'UTF8')) || ledger.sized(convert_to(of_object, 'UTF8')) || uuid_send(x.id)
               || uuid_send(coalesce(x.casefile, '00000000-0000-0000-0000-000000000000')) || ledger.sized(convert_to(of_law, 'UTF8'))
               || '\x20'::bytea || x.digest || x.rows)
      FROM (SELECT after + a.i AS seq, a.who, a.id, a.casefile, substring(of_digest FROM (32 * a.i - 31)::int FOR 32) AS digest,
                   coalesce(m.rows, decode(repeat('00', 32), 'hex')) AS rows
              FROM unnest(of_who, of_id, of_case) WITH ORDINALITY AS a(who, id, casefile, i)
              LEFT JOIN ledger.mark(after, of_tab, of_row, of_act) AS m ON m.act = after + a.i) AS x;

    -- Leaf l lies at 2l less the ones in l; after it come the nodes that it completes.
    INSERT INTO tree SELECT 2 * (r.seq - 1) - bit_count((r.seq - 1)::bit(64)), r.hash FROM record r WHERE r.seq > after;
    LOOP
        level := level + 1;
        node := ((after + (1::bigint << level)) >> level) - 1;
        EXIT WHEN node >= (after + n) >> level;
        INSERT INTO tree
        SELECT 2 * x.last - bit_count(x.last::bit(64)) + level,
               sha256('\x01'::bytea || (SELECT t.hash FROM tree t WHERE t.i = 2 * x.sister - bit_count(x.sister::bit(64)) + level - 1)
                                    || (SELECT t.hash FROM tree t WHERE t.i = 2 * x.last - bit_count(x.last::bit(64)) + level - 1))
          FROM (SELECT ((k + 1) << level) - 1 AS last, ((2 * k + 1) << (level - 1)) - 1 AS sister
                  FROM generate_series(node, ((after + n) >> level) - 1) AS k) AS x;
    END LOOP;
    RETURN after + n;
END $$;

-- New wraps around the keys of texts (portal/reseal): the act that answers for them, and
-- the only one that the role which puts them on can write down.
CREATE FUNCTION ledger.reseal(object text, object_id uuid) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS
    $$ SELECT ledger.record(now(), NULL, 'reseal', object, object_id, NULL, '', NULL) $$;

-- No role that serves changes a protected row without an act that answers for it. The
-- owner may; then the trace has no act, and whoever verifies sees it. SET ROLE counts.
CREATE FUNCTION ledger.answered() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    hand text := CASE current_setting('role') WHEN 'none' THEN session_user ELSE current_setting('role') END;
    of_act bigint;
BEGIN
    -- Found by its number alone: asked for those without an act, PostgreSQL would rather read
    -- the index of these from end to end, with all that are none any more.
    SELECT t.seq INTO of_act FROM trace t WHERE t.n = NEW.n;
    IF FOUND AND of_act IS NULL
       AND NOT EXISTS (SELECT FROM pg_roles r JOIN pg_class c ON c.oid = 'public.trace'::regclass
                        WHERE r.rolname = hand AND (r.rolsuper OR r.oid = c.relowner)) THEN
        RAISE EXCEPTION 'a change of % without an act', NEW.tab USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'trace_answered';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER trace_answered AFTER INSERT ON trace DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION ledger.answered();

-- The protected tables: ledger.Protected is the same list, and says why the others are
-- not in it. Each gets functions of its own, so that no text is compiled at each change:
-- ledger.id(row) and ledger.cols(row) are what its trace must say.
--
-- A file that is still coming is a part of nothing: it counts, with its pieces, from the
-- moment when it is taken. When a person signed in last is no column of a trace: each
-- sign-in is an act in the record.
DO $$
DECLARE
    name text;
    key  text; -- of the row %1$s
    cols text;
    seen text; -- its columns
    part text; -- which rows of the table count
    sure text := $f$ SET timezone = 'UTC' SET datestyle = 'ISO, YMD' SET intervalstyle = 'postgres' SET bytea_output = 'hex' SET extra_float_digits = 1 $f$;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'person', 'body', 'officer', 'casefile', 'known', 'substitution', 'participant', 'document', 'assent', 'confirmation', 'revocation', 'request',
        'assignment', 'warrant', 'appointment', 'evidence', 'decision', 'decision_text', 'decision_person', 'exposure', 'redaction',
        'service', 'opening', 'unsealing', 'objection', 'material', 'material_page', 'familiarisation', 'plea',
        'filing', 'supplement', 'point', 'answer', 'resolution', 'dispute', 'message', 'forward', 'extension', 'addition', 'addition_point', 'cancellation',
        'attachment', 'attachment_chunk', 'day_off', 'recount', 'count_objection', 'assistant', 'errand', 'report', 'report_decision', 'movement', 'restoration'] LOOP
        SELECT string_agg(format('%%1$s.%I::text', a.attname), ' || ''/'' || ' ORDER BY array_position(x.indkey::int2[], a.attnum))
          INTO STRICT key
          FROM pg_index x JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = ANY (x.indkey)
         WHERE x.indrelid = name::regclass AND x.indisprimary;
        SELECT string_agg(format('coalesce(substring(sha256(%s) FOR 16), ''\x00000000000000000000000000000000'')',
                   CASE WHEN a.atttypid = 'bytea'::regtype THEN format('%%1$s.%I', a.attname) ELSE format('convert_to(%%1$s.%I::text, ''UTF8'')', a.attname) END), ' || ' ORDER BY a.attnum)
          INTO STRICT cols
          FROM pg_attribute a
         WHERE a.attrelid = name::regclass AND a.attnum > 0 AND NOT a.attisdropped AND NOT (name = 'person' AND a.attname LIKE 'signed\_in\_%');
        SELECT string_agg(format('%%1$s.%I', a.attname), ', ' ORDER BY a.attnum)
          INTO STRICT seen
          FROM pg_attribute a
         WHERE a.attrelid = name::regclass AND a.attnum > 0 AND NOT a.attisdropped AND NOT (name = 'person' AND a.attname LIKE 'signed\_in\_%');
        part := CASE name
            WHEN 'attachment' THEN '%1$s.state NOT IN (''receiving'', ''checking'')'
            WHEN 'attachment_chunk' THEN 'EXISTS (SELECT FROM attachment a WHERE a.id = %1$s.attachment AND a.state NOT IN (''receiving'', ''checking''))'
            ELSE 'true' END;
        EXECUTE format('CREATE FUNCTION ledger.id(r public.%I) RETURNS text LANGUAGE sql STABLE AS $f$ SELECT %s $f$', name, format(key, '(r)'));
        EXECUTE format('CREATE FUNCTION ledger.cols(r public.%I) RETURNS bytea LANGUAGE sql STABLE AS $f$ SELECT %s $f$', name, format(cols, '(r)'));
        -- Rows that come together, a thousand of a file as well as one, are told of in one step.
        EXECUTE format($f$
            CREATE FUNCTION ledger.%1$I() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp %2$s AS $t$
            BEGIN
                INSERT INTO trace (tab, id, cols, gone, tx, at)
                SELECT %3$L, %4$s, %5$s, false, pg_current_xact_id(), transaction_timestamp() FROM came WHERE %6$s;
                RETURN NULL;
            END $t$ $f$, 'trace_new_' || name, sure, name, format(key, 'came'), format(cols, 'came'), format(part, 'came'));
        EXECUTE format($f$
            CREATE FUNCTION ledger.%1$I() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp %2$s AS $t$
            BEGIN
                IF TG_OP = 'UPDATE' AND %7$s THEN
                    INSERT INTO trace (tab, id, cols, gone, tx, at) VALUES (%3$L, %5$s, %6$s, false, pg_current_xact_id(), transaction_timestamp());
                ELSIF %8$s THEN
                    INSERT INTO trace (tab, id, cols, gone, tx, at) VALUES (%3$L, %4$s, '', true, pg_current_xact_id(), transaction_timestamp());
                END IF;
                RETURN NULL;
            END $t$ $f$, 'trace_' || name, sure, name, format(key, 'OLD'), format(key, 'NEW'), format(cols, 'NEW'), format(part, 'NEW'), format(part, 'OLD'));
        EXECUTE format('CREATE FUNCTION ledger.counts(r public.%I) RETURNS boolean LANGUAGE sql STABLE AS $f$ SELECT %s $f$', name, format(part, '(r)'));
        EXECUTE format('CREATE TRIGGER traced AFTER INSERT ON %I REFERENCING NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION ledger.%I()', name, 'trace_new_' || name);
        EXECUTE format('CREATE TRIGGER traced_change AFTER UPDATE ON %I FOR EACH ROW WHEN (ROW(%s) IS DISTINCT FROM ROW(%s)) EXECUTE FUNCTION ledger.%I()',
            name, format(seen, 'OLD'), format(seen, 'NEW'), 'trace_' || name);
        EXECUTE format('CREATE TRIGGER traced_end AFTER DELETE ON %I FOR EACH ROW EXECUTE FUNCTION ledger.%I()', name, 'trace_' || name);
    END LOOP;
    -- What stands in a protected table now, as traces would say it, for whoever verifies.
    EXECUTE format($f$
        CREATE FUNCTION ledger.standing(tab text) RETURNS TABLE (id text, cols bytea) LANGUAGE plpgsql STABLE %s AS $t$
        BEGIN
            RETURN QUERY EXECUTE format('SELECT ledger.id(r), ledger.cols(r) FROM public.%%I r WHERE ledger.counts(r)', tab);
        END $t$ $f$, sure);
END $$;

-- With a file its pieces begin to count, and cease to.
CREATE FUNCTION ledger.pieces() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO trace (tab, id, cols, gone, tx, at)
    SELECT 'attachment_chunk', ledger.id(c), CASE TG_OP WHEN 'DELETE' THEN '' ELSE ledger.cols(c) END, TG_OP = 'DELETE', pg_current_xact_id(), transaction_timestamp()
      FROM attachment_chunk c WHERE c.attachment = OLD.id ORDER BY c.part DESC, c.n;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD END;
END $$;
CREATE TRIGGER traced_pieces AFTER UPDATE ON attachment FOR EACH ROW
    WHEN (OLD.state IN ('receiving', 'checking') AND NEW.state NOT IN ('receiving', 'checking')) EXECUTE FUNCTION ledger.pieces();
CREATE TRIGGER traced_pieces_go BEFORE DELETE ON attachment FOR EACH ROW
    WHEN (OLD.state NOT IN ('receiving', 'checking')) EXECUTE FUNCTION ledger.pieces();
-- The functions above are of portal_owner, whom the fences below keep out as well.
CREATE POLICY trace ON attachment FOR SELECT TO portal_owner USING (true);
CREATE POLICY trace ON attachment_chunk FOR SELECT TO portal_owner USING (true);
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ledger FROM PUBLIC;

-- Touched ------------------------------------------------------------------
--
-- What was touched of late: the things that a row belongs to which some transaction wrote. A
-- page is shown again while none of what it is made of was touched (portal/again.go), so each
-- table that such a page takes from names here the things of a row. Rows only come, until
-- they are an hour old, which no page is when it is shown again; so whether others are there
-- tells of every commit, in whatever order they come. With one number for each thing, to be
-- raised, transactions would wait for each other. A thing is the hash of its id: who asks
-- whether it was touched learns no id. Zero are the days off.
CREATE TABLE touched (
    thing bigint      NOT NULL,
    tx    xid8        NOT NULL DEFAULT pg_current_xact_id(),
    at    timestamptz NOT NULL DEFAULT transaction_timestamp(),
    PRIMARY KEY (thing, tx)
);
DO $$
DECLARE
    name text;
    cols text[];
    of   text;
BEGIN
    FOR name, cols IN VALUES
        ('casefile', '{id,joined_into,severed_from}'::text[]), ('participant', '{casefile}'), ('familiarisation', '{casefile}'), ('plea', '{casefile}'), ('movement', '{casefile}'),
        ('request', '{casefile}'), ('known', '{casefile}'), ('decision', '{casefile}'), ('decision_person', '{decision}'), ('exposure', '{decision}'),
        ('redaction', '{decision}'), ('service', '{decision}'), ('filing', '{id,casefile}'), ('answer', '{filing}'), ('point', '{filing}'),
        ('supplement', '{filing}'), ('resolution', '{point}'), ('dispute', '{point}'), ('attachment', '{filing}'), ('message', '{filing}'),
        ('addition', '{filing}'), ('extension', '{filing}'), ('forward', '{filing}'), ('recount', '{filing}'), ('count_objection', '{filing}'),
        ('document', '{id}'), ('evidence', '{document}'), ('officer', '{person,body}'), ('person', '{id}'), ('body', '{id}'), ('notice', '{person}'),
        ('opening', '{object_id}'), ('record', '{object_id}'), ('day_off', '{}')
    LOOP
        SELECT coalesce(string_agg(format('uuid_hash_extended(%%1$s.%I, 0)', c), ', '), '0') INTO STRICT of FROM unnest(cols) AS c;
        EXECUTE format($f$
            CREATE FUNCTION ledger.%I() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $t$
            BEGIN
                INSERT INTO touched (thing) SELECT x FROM came, unnest(ARRAY[%s]) AS x WHERE x IS NOT NULL AND %s ON CONFLICT DO NOTHING;
                RETURN NULL;
            END $t$ $f$, 'touch_new_' || name, format(of, 'came'), CASE name WHEN 'record' THEN $f$came.object = 'filing'$f$ WHEN 'opening' THEN $f$came.object = 'answer'$f$ ELSE 'true' END);
        EXECUTE format('CREATE TRIGGER touches_new AFTER INSERT ON %I REFERENCING NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION ledger.%I()', name, 'touch_new_' || name);
        EXECUTE format($f$
            CREATE FUNCTION ledger.%I() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $t$
            BEGIN
                INSERT INTO touched (thing) SELECT x FROM unnest(ARRAY[%s, %s]) AS x WHERE x IS NOT NULL ON CONFLICT DO NOTHING;
                RETURN NULL;
            END $t$ $f$, 'touch_' || name, format(of, 'NEW'), format(of, 'OLD'));
        EXECUTE format('CREATE TRIGGER touches AFTER UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION ledger.%I()', name, 'touch_' || name);
    END LOOP;
END $$;

-- Later -------------------------------------------------------------------

-- Work for later, added in the transaction of the act that asks for it.
-- portal/job is the only writer. args hold ids and nothing else, last_error the
-- kind of a failure and never its words: no personal data is kept here.
CREATE TABLE job (
    id           uuid        PRIMARY KEY,
    name         text        NOT NULL CHECK (octet_length(name) BETWEEN 1 AND 100),
    args         jsonb       NOT NULL CHECK (jsonb_typeof(args) = 'object'),
    key          text        CONSTRAINT job_key UNIQUE CHECK (octet_length(key) BETWEEN 1 AND 200), -- a second job with the same key is not added
    run_at       timestamptz NOT NULL,
    attempts     int         NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    max          int         NOT NULL CHECK (max > 0),
    leased_until timestamptz,                                        -- a process has it in hand until then
    last_error   text        CHECK (octet_length(last_error) <= 100),
    done_at      timestamptz,
    dead_at      timestamptz,                                        -- given up after max attempts: a person must look
    slip         bytea,                                              -- sealed: what its author signed for it to open (portal/slip)
    CHECK (done_at IS NULL OR dead_at IS NULL)
);
CREATE INDEX job_due ON job (run_at, id) WHERE done_at IS NULL AND dead_at IS NULL;
CREATE INDEX job_dead ON job (dead_at) WHERE dead_at IS NOT NULL;
CREATE INDEX job_done ON job (done_at) WHERE done_at IS NOT NULL;

-- What is done again and again, and when it is due next: several processes share
-- one timetable, and one of them does each turn.
CREATE TABLE timetable (
    name       text        PRIMARY KEY CHECK (octet_length(name) BETWEEN 1 AND 100),
    due_at     timestamptz NOT NULL,
    ran_at     timestamptz,                                          -- the last turn that went well
    failures   int         NOT NULL DEFAULT 0 CHECK (failures >= 0), -- turns failed since then
    last_error text        CHECK (octet_length(last_error) <= 100)
);

-- Where this database was found whole: when it was made empty, or by `portal restore`
-- after its proof. A copy says nothing of where it stands, so nobody serves it unproved.
CREATE TABLE home (
    cluster  bigint      NOT NULL, -- pg_control_system
    database oid         NOT NULL,
    at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (cluster, database)
);

-- Fences -------------------------------------------------------------------
--
-- The second fence behind portal/policy: what a person may not see, PostgreSQL does
-- not give, so that a check forgotten in the program opens nothing. Each transaction
-- says who asks (portal/database.As); a transaction that says nothing sees nothing of
-- anybody. Policies apply to the owner of the tables as well.
--
--   portal_app     serves people: owns nothing, sees by the policies below
--   portal_work    the portal by itself: jobs, checks, the command line
--   portal_fence   nobody: the functions below read as it, and answer yes or no; one of them ends statuses
--   portal_audit   checks the record against every row and signs checkpoints
--   portal_backup  copies everything, sealed as it stands
--   portal_read    looks whether the machine works: nothing of anybody
--   portal_rotate  puts new wraps around the keys of texts, and changes nothing else
--   portal_owner   nobody: everything belongs to it, and who migrates may become it
--
-- Roles belong to the whole server: portal/fence/roles.go makes them before this is read,
-- and gives what is made here to portal_owner, the functions of the fence to portal_fence.
-- What each role may, portal/fence/rights.txt says; a test and each start compare.

-- How much of each kind of decision each status is shown: policy.See, written out by
-- portal/fence when the database is made or the program is another. What is not here
-- is hidden.
CREATE TABLE sight (
    kind          text     NOT NULL,
    role          text     NOT NULL,
    represented   text     NOT NULL, -- the status of the one he acts for; '' for himself
    concerned     boolean  NOT NULL,
    familiarising boolean  NOT NULL,
    masked        boolean  NOT NULL, -- a copy without personal data is there
    claim         boolean  NOT NULL, -- a copy of what concerns the civil claim is there
    view          smallint NOT NULL CHECK (view BETWEEN 0 AND 3),
    part          text     NOT NULL CHECK (part IN ('', 'personal-data', 'civil-claim')),
    widens        boolean  NOT NULL, -- the investigator may open more
    waits         boolean  NOT NULL, -- the kind has a condition: ready_on says that it came
    PRIMARY KEY (kind, role, represented, concerned, familiarising, masked, claim)
);

-- How much of the file of a case may be opened to each status: policy.File.
CREATE TABLE seat (
    role        text NOT NULL,
    represented text NOT NULL,
    part        text NOT NULL CHECK (part IN ('', 'case', 'civil-claim')),
    side        text NOT NULL, -- of several of one side each sees his own part: policy.Side
    unhurried   boolean NOT NULL, -- the file does not close to him on a day, CPC 296(3): policy.Unhurried
    PRIMARY KEY (role, represented)
);

CREATE SCHEMA fence;
GRANT USAGE ON SCHEMA fence TO portal_app, portal_work, portal_fence;

-- What the transaction said.
CREATE FUNCTION fence.me() RETURNS uuid LANGUAGE sql STABLE AS
    $$ SELECT nullif(current_setting('portal.person', true), '')::uuid $$;
CREATE FUNCTION fence.acting() RETURNS uuid LANGUAGE sql STABLE AS
    $$ SELECT nullif(current_setting('portal.acting', true), '')::uuid $$;
CREATE FUNCTION fence.today() RETURNS date LANGUAGE sql STABLE AS
    $$ SELECT (coalesce(nullif(current_setting('portal.at', true), '')::timestamptz, now()) AT TIME ZONE 'Asia/Almaty')::date $$;
CREATE FUNCTION fence.tag() RETURNS bytea LANGUAGE sql STABLE AS
    $$ SELECT decode(nullif(current_setting('portal.tag', true), ''), 'hex') $$;
CREATE FUNCTION fence.paper() RETURNS uuid LANGUAGE sql STABLE AS
    $$ SELECT nullif(current_setting('portal.paper', true), '')::uuid $$;
CREATE FUNCTION fence.number() RETURNS bytea LANGUAGE sql STABLE AS
    $$ SELECT decode(nullif(current_setting('portal.number', true), ''), 'hex') $$;

-- The asker's post and body while he is in post.
CREATE FUNCTION fence.post() RETURNS text LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN (SELECT o.post FROM officer o WHERE o.person = fence.me() AND o.left_at IS NULL AND (o.until IS NULL OR o.until >= fence.today()));
END $$;
CREATE FUNCTION fence.body(of text) RETURNS uuid LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN (SELECT o.body FROM officer o
             WHERE o.person = fence.me() AND o.post = of AND o.left_at IS NULL AND (o.until IS NULL OR o.until >= fence.today()));
END $$;

-- Those whose work the asker does, himself first.
CREATE FUNCTION fence.stands_for() RETURNS uuid[] LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN ARRAY(SELECT fence.me()
                 UNION ALL
                 SELECT s.officer FROM substitution s
                  WHERE s.deputy = fence.me() AND s.signed_at IS NOT NULL AND s.ended_at IS NULL AND s.until >= fence.today());
END $$;

-- What the asker is to a case by office, as the view "duty" has it; none is an empty
-- array.
CREATE FUNCTION fence.duties(of uuid) RETURNS text[] LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    own officer;
BEGIN
    SELECT * INTO own FROM officer o
     WHERE o.person = fence.me() AND o.left_at IS NULL AND (o.until IS NULL OR o.until >= fence.today());
    IF NOT FOUND THEN
        RETURN '{}';
    END IF;
    RETURN coalesce((
        SELECT array_remove(ARRAY[
                   CASE WHEN own.post = 'investigator' AND own.body = c.body AND c.investigator = ANY (fence.stands_for()) THEN 'charge' END,
                   CASE WHEN own.post = 'prosecutor' AND own.body = c.prosecution AND c.prosecutor = ANY (fence.stands_for()) THEN 'supervisor' END,
                   CASE WHEN own.post = 'head' AND own.body = c.body THEN 'unit' END,
                   CASE WHEN own.post = 'chief-prosecutor' AND own.body = c.prosecution THEN 'office' END], NULL)
          FROM casefile c WHERE c.id = of), '{}');
END $$;
CREATE FUNCTION fence.duty(of uuid) RETURNS boolean LANGUAGE sql STABLE AS $$ SELECT fence.duties(of) <> '{}' $$;
CREATE FUNCTION fence.charge(of uuid) RETURNS boolean LANGUAGE sql STABLE AS $$ SELECT 'charge' = ANY (fence.duties(of)) $$;

-- The cases whose row the asker may find as a person: where he is or was somebody,
-- asked to be, or filed something, and the one whose number he names.
CREATE FUNCTION fence.own_cases() RETURNS SETOF uuid ROWS 5 LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    whose uuid;
    last  uuid := '00000000-0000-0000-0000-000000000000';
BEGIN
    RETURN QUERY
        SELECT p.casefile FROM participant p WHERE p.person = fence.me() AND p.status <> 'draft'
        UNION SELECT r.casefile FROM request r WHERE r.person = fence.me();
    LOOP -- from case to case: of many filings in one of them each would be read
        last := (SELECT f.casefile FROM filing f WHERE f.author = fence.me() AND f.casefile > last ORDER BY f.casefile LIMIT 1);
        EXIT WHEN last IS NULL;
        RETURN NEXT last;
    END LOOP;
    IF fence.post() IS NOT NULL THEN
        FOREACH whose IN ARRAY fence.stands_for() LOOP
            last := '00000000-0000-0000-0000-000000000000';
            LOOP
                last := (SELECT f.casefile FROM filing f WHERE f.status <> 'draft' AND f.decider = whose AND f.casefile > last ORDER BY f.casefile LIMIT 1);
                EXIT WHEN last IS NULL;
                RETURN NEXT last;
            END LOOP;
        END LOOP;
    END IF;
    IF fence.number() IS NOT NULL THEN
        RETURN QUERY
            WITH RECURSIVE found AS (
                SELECT c.id, c.joined_into FROM casefile c WHERE fence.me() IS NOT NULL AND fence.number() IN (c.number_tag, c.report_tag)
                UNION
                SELECT c.id, c.joined_into FROM casefile c JOIN found ON c.id = found.joined_into)
            SELECT found.id FROM found;
    END IF;
END $$;

-- What the asker may act as in a case today: the view "capacity". Who acts there for
-- several is behind a wall on the side that he chose, and sees nothing before he did.
CREATE FUNCTION fence.capacities(of uuid, walled boolean) RETURNS SETOF uuid ROWS 5 LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY
        WITH mine AS (
            SELECT k.participant, k.whom FROM capacity k
             WHERE k.person = fence.me() AND k.casefile = of AND (k.until IS NULL OR k.until >= fence.today()))
        SELECT m.participant FROM mine m
         WHERE NOT walled
            OR (SELECT count(DISTINCT n.whom) FROM mine n) = 1
            OR m.whom = (SELECT n.whom FROM mine n WHERE n.participant = fence.acting());
END $$;
CREATE FUNCTION fence.party(of uuid) RETURNS boolean LANGUAGE sql STABLE AS $$ SELECT EXISTS (SELECT fence.capacities(of, false)) $$;

-- Whether the prosecutor agreed with a decision of a kind that names somebody, as what he
-- is or was before: his status rests on that one, whatever becomes of another.
CREATE FUNCTION fence.agreed(of uuid, of_kind text) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM decision_person n JOIN decision d ON d.id = n.decision
                    WHERE n.participant = ANY (lineage(of)) AND d.kind = of_kind AND d.status = 'published');
END $$;

-- Whether a status stands by a joinder or a severance alone, and by no paper of its own
-- since: it is what it was where its holder came from.
CREATE FUNCTION fence.only_brought(of uuid) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM participant p JOIN participant b ON b.id = p.previous AND b.casefile <> p.casefile
                    WHERE p.id = of AND NOT EXISTS (SELECT FROM confirmation c WHERE c.participant = p.id AND NOT c.ends AND c.signed_at >= p.confirmed_at));
END $$;

-- Ends the statuses that rest on one that has ended, in cases where the asker may be
-- nothing (warrant.Chain does the same by papers). Where the prosecutor refused a decision
-- of a kind: those that were brought out of that status, and the one it was brought out of
-- by a joinder, if they are held on the grounds that fall and no decision that was agreed
-- with holds them. Otherwise: cases that were joined are one, so what somebody is no more
-- there he is no more in any of them. Nothing but what rests on an ended one can be ended
-- here, so it may be asked by anybody.
CREATE FUNCTION fence.end_resting(of uuid, refused text, grounds text[], at timestamptz)
RETURNS TABLE (id uuid, casefile uuid, role text, basis text) LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    p    participant;
    whom uuid;
    ends uuid[];
BEGIN
    SELECT * INTO p FROM participant q WHERE q.id = of AND q.status = 'ended';
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF refused IS NOT NULL THEN
        WITH RECURSIVE onwards AS (
            SELECT p.id, p.casefile
            UNION
            SELECT q.id, q.casefile FROM onwards o JOIN participant q ON q.previous = o.id AND q.casefile <> o.casefile AND fence.only_brought(q.id)
        ), back AS (
            SELECT p.previous AS id, p.casefile AS to_case WHERE fence.only_brought(p.id)
            UNION
            SELECT CASE WHEN fence.only_brought(q.id) THEN q.previous END, q.casefile
              FROM back b JOIN participant q ON q.id = b.id JOIN casefile c ON c.id = q.casefile AND c.joined_into = b.to_case
        ), all_of_them AS (
            SELECT o.id FROM onwards o
            UNION
            SELECT b.id FROM back b JOIN participant q ON q.id = b.id JOIN casefile c ON c.id = q.casefile AND c.joined_into = b.to_case)
        SELECT array_agg(q.id ORDER BY q.id) INTO ends
          FROM all_of_them a JOIN participant q ON q.id = a.id
         WHERE q.status = 'confirmed' AND q.role = p.role AND q.basis = ANY (grounds) AND NOT fence.agreed(q.id, refused);
    ELSE
        whom := (SELECT r.person FROM participant r WHERE r.id = p.represents);
        WITH RECURSIVE joined AS (
            SELECT c.id FROM casefile c WHERE c.joined_into = p.casefile
            UNION
            SELECT c.id FROM joined j JOIN casefile c ON c.joined_into = j.id
        )
        SELECT array_agg(q.id ORDER BY q.id) INTO ends
          FROM participant q LEFT JOIN participant r ON r.id = q.represents
         WHERE q.person = p.person AND q.status = 'confirmed' AND r.person IS NOT DISTINCT FROM whom
           AND (q.previous = p.id AND fence.only_brought(q.id) AND q.casefile = (SELECT c.joined_into FROM casefile c WHERE c.id = p.casefile)
             OR q.casefile IN (SELECT j.id FROM joined j) AND q.role IN (SELECT l.role FROM participant l WHERE l.id = ANY (lineage(p.id)))
                AND NOT EXISTS (SELECT FROM participant s LEFT JOIN participant sr ON sr.id = s.represents
                                 WHERE s.casefile = p.casefile AND s.person = q.person AND s.role = q.role AND s.status = 'confirmed' AND sr.person IS NOT DISTINCT FROM whom));
    END IF;
    RETURN QUERY UPDATE participant q SET status = 'ended', ended_at = at WHERE q.id = ANY (ends) AND q.status = 'confirmed'
        RETURNING q.id, q.casefile, q.role, q.basis;
END $$;

-- Whoever the asker acts for, as all that this one was, and whoever acts for him.
CREATE FUNCTION fence.ties() RETURNS SETOF uuid ROWS 5 LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT unnest(lineage(p.represents)) FROM participant p WHERE p.person = fence.me() AND p.status = 'confirmed' AND p.represents IS NOT NULL
        UNION ALL
        SELECT p.id FROM participant p JOIN participant r ON r.id = p.represents WHERE r.person = fence.me() AND p.status IN ('confirmed', 'ended');
END $$;

-- What an official who must answer sees beside the filing, whoever he is to the case:
-- as whom it was filed, the decision and the filing it contests, while he must answer.
CREATE FUNCTION fence.filed_as(of uuid) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN fence.post() IS NOT NULL AND EXISTS (
        SELECT FROM participant t JOIN participant p ON p.casefile = t.casefile AND (p.id = t.id OR p.represents = t.id)
          JOIN filing f ON f.participant = p.id AND f.casefile = t.casefile
         WHERE t.id = of AND f.status <> 'draft' AND f.decider = ANY (fence.stands_for()));
END $$;
-- The cases in which a case goes on: itself, those that it was joined into, and those that
-- were severed from it. What was decided in it is complained of there.
CREATE FUNCTION fence.goes_on(of uuid) RETURNS SETOF uuid ROWS 2 LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY
        WITH RECURSIVE joint AS (
            SELECT c.id, c.joined_into FROM casefile c WHERE c.id = of
            UNION
            SELECT c.id, c.joined_into FROM joint j JOIN casefile c ON c.id = j.joined_into)
        SELECT j.id FROM joint j
        UNION ALL
        SELECT c.id FROM casefile c WHERE c.severed_from = of;
END $$;
CREATE FUNCTION fence.disputed(of uuid) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN fence.post() IS NOT NULL AND EXISTS (
        SELECT FROM filing f JOIN decision d ON d.id = f.about
         WHERE d.id = of AND f.casefile IN (SELECT fence.goes_on(d.casefile)) AND f.status IN ('filed', 'considered', 'waiting') AND f.decider = ANY (fence.stands_for())
           AND fence.me() <> ALL (f.interested));
END $$;
CREATE FUNCTION fence.contested(of uuid) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN fence.post() IS NOT NULL AND EXISTS (
        SELECT FROM filing n WHERE n.against = of AND n.status IN ('filed', 'considered', 'waiting') AND n.decider = ANY (fence.stands_for())
           AND fence.me() <> ALL (n.interested));
END $$;

-- Whose name the asker may know beside officials': of people in cases of his duty,
-- of those he acts for and who act for him, of an advocate whom he assists, and of an
-- entry into the directory.
CREATE FUNCTION fence.knows(of uuid) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM participant p WHERE p.id IN (SELECT fence.ties()) AND p.person = of)
        OR EXISTS (SELECT FROM assistant a WHERE a.person = fence.me() AND a.advocate = of AND a.ended_at IS NULL AND a.until >= fence.today())
        OR fence.post() IS NOT NULL AND (
               EXISTS (SELECT FROM participant p WHERE p.person = of AND fence.duty(p.casefile))
            OR EXISTS (SELECT FROM request r WHERE r.person = of AND r.status <> 'draft' AND fence.duty(r.casefile))
            OR EXISTS (SELECT FROM filing f WHERE f.author = of AND f.status <> 'draft' AND (f.decider = ANY (fence.stands_for()) OR fence.duty(f.casefile)))
            OR EXISTS (SELECT FROM participant p WHERE p.person = of AND fence.filed_as(p.id))
            OR fence.post() IN ('administrator', 'head', 'chief-prosecutor') AND EXISTS (SELECT FROM appointment a WHERE a.person = of));
END $$;

-- How much there is of a sight: the text in full before a copy of a part, that before
-- the fact. The last digit is the part: 1 without personal data, 2 of the claim.
--   0 hidden, 10 fact, 21 22 part to read, 31 32 part with a copy, 40 read, 50 copy
CREATE FUNCTION fence.rank(view int, part text) RETURNS int LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN view <= 1 THEN view * 10
                WHEN part = 'personal-data' THEN view * 10 + 1
                WHEN part = 'civil-claim' THEN view * 10 + 2
                ELSE view * 10 + 20 END
$$;

-- What the investigator signed for one person, over what his status gives him.
CREATE FUNCTION fence.exposed(view int, part text, widens boolean, exposed int, narrows boolean) RETURNS int LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN exposed IS NULL THEN fence.rank(view, part)
        WHEN narrows AND exposed >= 1 AND exposed < view THEN fence.rank(exposed, part)
        WHEN NOT narrows AND widens AND fence.rank(exposed, '') / 10 > fence.rank(view, part) / 10 THEN fence.rank(exposed, '')
        ELSE fence.rank(view, part) END
$$;

-- What the asker may act as today in cases whose decisions are opened to him: each with
-- what fence.sight asks of it. A policy asks once in a query, for all cases (of is NULL);
-- behind the wall of fence.capacities in each.
CREATE TYPE fence.place AS (
    casefile uuid, participant uuid, role text, represented text, side text,
    line uuid[],              -- the one whose part he sees, and all that this one was before
    joined_at timestamptz,    -- when he came from a case that was joined; what is older stays closed
    most int, reads boolean); -- the copy or the text at most; he reads the file today
CREATE FUNCTION fence.places(of uuid) RETURNS fence.place[] LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN ARRAY(
        WITH mine AS (
            SELECT k.casefile, k.participant, k.whom FROM capacity k
             WHERE k.person = fence.me() AND (of IS NULL OR k.casefile = of) AND (k.until IS NULL OR k.until >= fence.today()))
        SELECT CAST(ROW(q.casefile, q.id, q.role, coalesce(r.role, ''), s.side,
                        CASE WHEN coalesce(r.id, q.id) = q.id AND q.previous IS NULL OR r.id IS NOT NULL AND r.previous IS NULL
                             THEN ARRAY[coalesce(r.id, q.id)] ELSE lineage(coalesce(r.id, q.id)) END,
                        CASE WHEN q.from_case IS NOT NULL THEN q.confirmed_at END,
                        CASE WHEN 'copy' = ANY (q.scope) THEN 50 ELSE 40 END,
                        EXISTS (SELECT FROM familiarisation f WHERE f.participant = ANY (CASE WHEN q.previous IS NULL THEN ARRAY[q.id] ELSE lineage(q.id) END) AND f.status = 'open' AND f.opens_on <= fence.today()
                                   AND (fence.today() <= f.until OR EXISTS (SELECT FROM seat o WHERE o.role = q.role AND o.represented = coalesce(r.role, '') AND o.unhurried)))) AS fence.place)
          FROM mine m
          JOIN participant q ON q.id = m.participant
          LEFT JOIN participant r ON r.id = q.represents
          LEFT JOIN seat s ON s.role = coalesce(r.role, q.role) AND s.represented = ''
         WHERE 'read' = ANY (q.scope)
           AND (NOT EXISTS (SELECT FROM mine n WHERE n.casefile = m.casefile AND n.whom <> m.whom)
             OR EXISTS (SELECT FROM mine n WHERE n.casefile = m.casefile AND n.whom = m.whom AND n.participant = fence.acting())));
END $$;

-- How much of a decision the asker, who has this post and these places, is shown. It
-- mirrors casefile.seenFrom; step by step, for most who ask are through after the first.
CREATE FUNCTION fence.sight(of uuid, in_case uuid, of_kind text, in_status text, published timestamptz, ready date, flagged text[], post text, places fence.place[])
RETURNS int LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    duties text[];
    best   int := 0;
    names  boolean; -- it names somebody
    with_mask  boolean; -- a copy without personal data is there
    with_claim boolean;
    him    boolean; -- it names the one whose part the asker sees
    side   boolean; -- it names others of his side
    p      fence.place;
    s      record;
BEGIN
    IF post IS NOT NULL THEN
        duties := fence.duties(in_case);
        IF duties <> '{}' THEN
            RETURN CASE WHEN in_status <> 'draft' OR 'charge' = ANY (duties) THEN 50 ELSE 0 END;
        END IF;
    END IF;
    IF in_status <> 'published' OR flagged <> '{}' THEN
        RETURN 0;
    END IF;
    FOREACH p IN ARRAY places LOOP
        IF p.casefile <> in_case THEN
            CONTINUE;
        END IF;
        IF names IS NULL THEN
            SELECT EXISTS (SELECT FROM decision_person n WHERE n.decision = of),
                   coalesce(bool_or(y.part = 'personal-data'), false), coalesce(bool_or(y.part = 'civil-claim'), false)
              INTO names, with_mask, with_claim
              FROM redaction y WHERE y.decision = of AND y.signed_at IS NOT NULL AND y.replaced_at IS NULL;
        END IF;
        him := false;
        side := false;
        IF names THEN
            SELECT coalesce(bool_or(n.participant = ANY (p.line)), false),
                   coalesce(bool_or(coalesce(his.side, '') = coalesce(p.side, '')), false)
              INTO him, side
              FROM decision_person n JOIN participant who ON who.id = n.participant
              LEFT JOIN seat his ON his.role = who.role AND his.represented = ''
             WHERE n.decision = of;
        END IF;
        IF NOT him AND (side OR published < p.joined_at) THEN
            CONTINUE;
        END IF;
        SELECT l.view, l.part, l.widens, l.waits, x.ground,
               CASE x.view WHEN 'hidden' THEN 0 WHEN 'fact' THEN 1 WHEN 'read' THEN 2 WHEN 'copy' THEN 3 END AS exposed
          INTO s
          FROM sight l
          LEFT JOIN exposure x ON x.decision = of AND x.participant = p.participant AND x.signed_at IS NOT NULL AND x.ended_at IS NULL
         WHERE l.kind = of_kind AND l.role = p.role AND l.represented = p.represented AND l.concerned = him AND l.familiarising = p.reads
           AND l.masked = with_mask AND l.claim = with_claim;
        IF NOT FOUND OR s.waits AND ready IS NULL THEN
            CONTINUE;
        END IF;
        best := greatest(best, least(p.most, fence.exposed(s.view, s.part, s.widens, s.exposed, s.ground IN ('security', 'secret', 'non-disclosure'))));
    END LOOP;
    RETURN best;
END $$;
CREATE FUNCTION fence.decision(of uuid) RETURNS int LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN coalesce((SELECT fence.sight(d.id, d.casefile, d.kind, d.status, d.published_at, d.ready_on, d.flags, fence.post(), fence.places(d.casefile)) FROM decision d WHERE d.id = of), 0);
END $$;

-- Who is shown that a decision is there, the fact alone included: for the worker that
-- tells them (portal/notice). Who acts for several is asked as each of them.
CREATE FUNCTION fence.readers(of_decision uuid, at timestamptz) RETURNS SETOF uuid LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    was text[] := ARRAY[current_setting('portal.person', true), current_setting('portal.acting', true), current_setting('portal.at', true)];
    p   record;
    sees boolean;
BEGIN
    FOR p IN SELECT k.person, array_agg(k.participant ORDER BY k.participant) AS acts
               FROM decision d JOIN capacity k ON k.casefile = d.casefile
              WHERE d.id = of_decision GROUP BY k.person ORDER BY k.person
    LOOP
        sees := false;
        PERFORM set_config('portal.person', p.person::text, true), set_config('portal.at', at::text, true);
        FOR i IN 1 .. array_length(p.acts, 1) LOOP
            PERFORM set_config('portal.acting', p.acts[i]::text, true);
            sees := sees OR fence.decision(of_decision) >= 10;
        END LOOP;
        IF sees AND NOT fence.duty((SELECT d.casefile FROM decision d WHERE d.id = of_decision)) THEN
            RETURN NEXT p.person;
        END IF;
    END LOOP;
    PERFORM set_config('portal.person', coalesce(was[1], ''), true), set_config('portal.acting', coalesce(was[2], ''), true), set_config('portal.at', coalesce(was[3], ''), true);
END $$;

-- How many codes went to an address since then, whoever asked for them (portal/notice).
CREATE FUNCTION fence.codes(there bytea, since timestamptz) RETURNS bigint LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN (SELECT count(*) FROM contact c JOIN delivery d ON d.contact = c.id WHERE c.address_tag = there AND d.notice IS NULL AND d.made_at > since);
END $$;

-- Whose report the asker takes down: in the very transaction that registers it, how its
-- author is told may be set for him (portal/notice).
CREATE FUNCTION fence.takes_down(of_person uuid) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM report r WHERE r.author = of_person AND r.entered_by = fence.me() AND r.xmin = pg_current_xact_id_if_assigned()::xid);
END $$;

-- Whom a decision names, with what they are: for whoever reached the decision. The
-- rows of the others stay closed to him.
CREATE FUNCTION fence.named(of uuid) RETURNS TABLE (participant uuid, role text) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT p.id, p.role FROM decision_person n JOIN participant p ON p.id = n.participant WHERE n.decision = of ORDER BY p.id;
END $$;

-- The cases whose filings the asker sees by office: what fence.duties has as
-- supervisor, unit or office, all at once.
CREATE FUNCTION fence.overseen() RETURNS SETOF uuid ROWS 100 LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT c.id FROM casefile c WHERE c.prosecution = fence.body('prosecutor') AND c.prosecutor = ANY (fence.stands_for())
        UNION ALL SELECT c.id FROM casefile c WHERE c.body = fence.body('head')
        UNION ALL SELECT c.id FROM casefile c WHERE c.prosecution = fence.body('chief-prosecutor');
END $$;

-- What is filed for somebody is his to see, while he is in the case.
CREATE FUNCTION fence.client(f_participant uuid, f_casefile uuid) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM participant p JOIN participant r ON r.id = p.represents WHERE p.id = f_participant AND r.person = fence.me()) AND fence.party(f_casefile);
END $$;

-- A filing is its author's; once filed, also of who answers it, of whoever defends or
-- represents him in it, and of those who supervise: not of the one complained of.
CREATE FUNCTION fence.filing(f_author uuid, f_status text, f_decider uuid, f_casefile uuid, f_participant uuid, f_complained uuid)
RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN f_author = fence.me()
        OR f_status <> 'draft' AND (
               fence.post() IS NOT NULL AND f_decider = ANY (fence.stands_for())
            OR fence.duties(f_casefile) && ARRAY['supervisor', 'unit', 'office'] AND f_complained IS DISTINCT FROM fence.me()
            OR EXISTS (SELECT FROM participant p -- what he filed as what he was before as well
                        WHERE p.casefile = f_casefile AND p.person = fence.me() AND p.status = 'confirmed' AND p.represents IS NOT NULL
                          AND f_participant = ANY (lineage(p.represents)) AND p.id IN (SELECT fence.capacities(f_casefile, true)))
            OR fence.client(f_participant, f_casefile));
END $$;
-- Whether somebody acted for another no more when this was signed, and does not act for him
-- anew: what is answered after that is no affair of his, though he filed it.
CREATE FUNCTION fence.left_before(f_participant uuid, signed timestamptz) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM participant p JOIN participant w ON w.id = p.represents
         WHERE p.id = f_participant AND p.status = 'ended' AND least(p.ended_at, (p.until + 1)::timestamp AT TIME ZONE 'Asia/Almaty') <= signed
           AND NOT EXISTS (SELECT FROM participant q JOIN participant r ON r.id = q.represents AND r.person = w.person
                            WHERE q.person = p.person AND q.status = 'confirmed' AND (q.casefile = p.casefile OR p.id = ANY (lineage(q.id)))));
END $$;
CREATE FUNCTION fence.filing_of(paper uuid) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM filing f
                    WHERE (f.document = paper OR f.withdrawal = paper OR EXISTS (SELECT FROM answer a WHERE a.filing = f.id AND a.document = paper
                                  AND NOT (f.author = fence.me() AND fence.left_before(f.participant, a.signed_at)))
                       OR EXISTS (SELECT FROM supplement s WHERE s.filing = f.id AND s.document = paper)
                       OR f.id IN (SELECT w.filing FROM forward w WHERE w.document = paper UNION ALL SELECT e.filing FROM extension e WHERE e.document = paper))
                      AND (fence.filing(f.author, f.status, f.decider, f.casefile, f.participant, f.complained) OR fence.contested(f.id)));
END $$;

-- Whether the asker is in a post that opens what a body received (warrant.Chain.Receives).
CREATE FUNCTION fence.receives(of_body uuid) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM officer o
                    WHERE o.person = fence.me() AND o.body = of_body AND o.post IN ('registrar', 'head', 'prosecutor', 'chief-prosecutor', 'judge')
                      AND o.left_at IS NULL AND (o.until IS NULL OR o.until >= fence.today()));
END $$;
CREATE FUNCTION fence.receives_paper(paper uuid) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN fence.post() IS NOT NULL AND EXISTS (SELECT FROM report r WHERE r.document = paper AND r.status <> 'draft' AND fence.receives(r.body));
END $$;
-- Whose a report is: its author's, and those in a post of the body that received it.
CREATE FUNCTION fence.of_report(of uuid) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM report r WHERE r.id = of AND r.status <> 'draft' AND (r.author = fence.me() OR fence.post() IS NOT NULL AND fence.receives(r.body)));
END $$;
-- How it stands with what a report went on in: the earlier one it was joined to, or the one
-- that another body registered; the last of them, and nothing that tells whose it is. For
-- its author and whoever holds its slip.
CREATE FUNCTION fence.became(of uuid) RETURNS TABLE (status text, due_at timestamptz, decided_at timestamptz, body uuid) ROWS 1 LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY
        WITH RECURSIVE line AS (
            SELECT r.id, 0 AS step FROM report r WHERE r.id = of AND r.status IN ('joined', 'transferred') AND (r.author = fence.me() OR r.slip_hash = fence.tag())
            UNION ALL
            SELECT n.id, l.step + 1
              FROM line l
              CROSS JOIN LATERAL (
                   SELECT s.id FROM report s WHERE s.previous = l.id
                   UNION ALL
                   SELECT d.earlier FROM report_decision d WHERE d.report = l.id AND d.signed_at IS NOT NULL AND d.earlier IS NOT NULL) n
             WHERE l.step < 20) -- handed on and joined back it could go round
        SELECT r.status, r.due_at, r.decided_at, r.body FROM line l JOIN report r ON r.id = l.id WHERE l.step > 0 ORDER BY l.step DESC LIMIT 1;
END $$;
-- That a complaint about what became of a report was granted, if only in part, the last one
-- since it was decided; for its author, those who keep its book, and whoever holds its slip.
CREATE FUNCTION fence.upheld(of uuid) RETURNS TABLE (filing uuid, number text, status text, remedy text, body uuid, at timestamptz) ROWS 1 LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT f.id, f.number, f.status, a.remedy, f.body, a.signed_at
          FROM report r
          JOIN filing f ON f.report = r.id AND f.status IN ('granted', 'granted-part') AND f.filed_at >= coalesce(r.decided_at, r.registered_at)
          JOIN answer a ON a.filing = f.id AND a.signed_at IS NOT NULL
         WHERE r.id = of AND r.status <> 'draft'
           AND (r.author = fence.me() OR r.slip_hash = fence.tag() OR fence.post() IS NOT NULL AND fence.receives(r.body))
         ORDER BY a.signed_at DESC, f.id
         LIMIT 1;
END $$;
CREATE FUNCTION fence.decision_of_report(paper uuid) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM report_decision d WHERE d.document = paper AND d.signed_at IS NOT NULL AND fence.of_report(d.report));
END $$;
-- Whether the asker keeps the book of a body, and so may change what stands there; and
-- whether he handed a report on, so that it begins anew with another body.
CREATE FUNCTION fence.registers(of_body uuid) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN of_body = fence.body('registrar');
END $$;
CREATE FUNCTION fence.hands_on(from_report uuid, to_body uuid) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM report r JOIN report_decision d ON d.report = r.id AND d.signed_at IS NOT NULL
                    WHERE r.id = from_report AND r.status = 'transferred' AND d.body = to_body AND fence.registers(r.body));
END $$;
CREATE FUNCTION fence.handing(to_report uuid) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM report r WHERE r.id = to_report AND fence.hands_on(r.previous, r.body));
END $$;
CREATE FUNCTION fence.handing_file(of uuid) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM attachment a WHERE a.id = of AND fence.handing(a.report));
END $$;
-- The books of the bodies that the asker's prosecutor's office supervises: numbers, times
-- and what became of each. Whose they are and what they say he does not learn here.
CREATE FUNCTION fence.books() RETURNS TABLE (body uuid, number text, way text, status text, ground text, registered_at timestamptz, due_at timestamptz, decided_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT r.body, r.number, r.way, r.status, coalesce(d.ground, ''), r.registered_at, r.due_at, r.decided_at
                   FROM body b
                   JOIN report r ON r.body = b.id AND r.status <> 'draft'
                   LEFT JOIN report_decision d ON d.report = r.id AND d.signed_at IS NOT NULL
                  WHERE b.prosecution IN (fence.body('prosecutor'), fence.body('chief-prosecutor'));
END $$;
-- Who gets the next report of a body: of its registrars the one who has the fewest that
-- wait for a decision, and nobody his own. Whoever reports learns the name and no number of others.
CREATE FUNCTION fence.on_duty(of_body uuid, by_author uuid) RETURNS uuid LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN (SELECT o.person FROM officer o
             WHERE o.body = of_body AND o.post = 'registrar' AND o.left_at IS NULL AND (o.until IS NULL OR o.until >= fence.today()) AND o.person <> by_author
             ORDER BY (SELECT count(*) FROM report r WHERE r.officer = o.person AND r.status = 'registered'), o.person
             LIMIT 1);
END $$;

-- The file of a case: what the officials of the case put there, and as much of it as
-- is open to the reader today. Its list he has until he has signed the record, which
-- names every material.
CREATE FUNCTION fence.material(of_case uuid, of_part text, flagged text[], list boolean) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN fence.duty(of_case)
        OR flagged = '{}' AND of_part <> 'prosecution-list' AND EXISTS (
               SELECT FROM fence.capacities(of_case, true) AS k (participant)
                 JOIN participant p ON p.id = k.participant
                 JOIN familiarisation f ON f.participant = ANY (CASE WHEN p.previous IS NULL THEN ARRAY[p.id] ELSE lineage(p.id) END)
                 LEFT JOIN participant r ON r.id = p.represents
                 JOIN seat s ON s.role = p.role AND s.represented = coalesce(r.role, '')
                WHERE f.casefile = of_case
                  AND f.status = 'open' AND f.opens_on <= fence.today() AND (list OR fence.today() <= f.until OR s.unhurried)
                  AND s.part IN ('case', of_part));
END $$;
-- The sheets of a material that the asker has in his list, by their numbers alone.
CREATE FUNCTION fence.leaves(of uuid) RETURNS TABLE (id uuid, number int) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT p.id, p.number FROM material m JOIN material_page p ON p.material = m.id
                  WHERE m.id = of AND fence.material(m.casefile, m.part, m.flags, true);
END $$;
-- Who may open a paper. A draft is of its author and, if it is an official's, only
-- while the case is his; then each kind goes with the thing it stands for.
CREATE FUNCTION fence.opens(of uuid, of_kind text, in_case uuid, author uuid, signed timestamptz) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    me uuid := fence.me();
BEGIN
    IF me IS NULL THEN
        RETURN false;
    END IF;
    CASE
    WHEN of_kind IN ('petition', 'complaint', 'application', 'challenge', 'withdrawal', 'supplement') THEN
        RETURN author = me OR signed IS NOT NULL AND fence.filing_of(of);
    WHEN of_kind IN ('answer', 'forward', 'extension') THEN
        RETURN CASE WHEN signed IS NULL THEN author = me AND fence.post() IS NOT NULL ELSE fence.filing_of(of) END;
    WHEN of_kind = 'decision' THEN
        RETURN CASE WHEN signed IS NULL THEN fence.charge(in_case)
               ELSE fence.duty(in_case) OR EXISTS (SELECT FROM decision d WHERE d.document = of AND (fence.decision(d.id) >= 40 OR fence.disputed(d.id)))
                 OR EXISTS (SELECT FROM material m WHERE m.document = of AND fence.material(m.casefile, m.part, m.flags, false)) END;
    WHEN of_kind = 'redaction' THEN
        RETURN CASE WHEN signed IS NULL THEN fence.charge(in_case)
               ELSE fence.duty(in_case) OR EXISTS (
                    SELECT FROM redaction y WHERE y.document = of AND y.replaced_at IS NULL
                       AND fence.decision(y.decision) % 10 = CASE y.part WHEN 'personal-data' THEN 1 ELSE 2 END) END;
    WHEN of_kind IN ('confirmation', 'ending') THEN
        RETURN CASE WHEN signed IS NULL THEN fence.charge(in_case)
               ELSE fence.duty(in_case) OR EXISTS (
                    SELECT FROM confirmation c JOIN participant p ON p.id = c.participant WHERE c.document = of AND p.person = me) END;
    WHEN of_kind = 'report' THEN
        RETURN author = me OR signed IS NOT NULL AND fence.receives_paper(of);
    WHEN of_kind = 'report-taken' THEN
        RETURN CASE WHEN signed IS NULL THEN author = me AND fence.post() = 'registrar'
               ELSE fence.receives_paper(of) OR EXISTS (SELECT FROM report r WHERE r.document = of AND (r.author = me OR r.entered_by = me AND fence.registers(r.body))) END;
    WHEN of_kind = 'report-decision' THEN
        RETURN CASE WHEN signed IS NULL THEN author = me AND fence.post() = 'registrar' ELSE fence.decision_of_report(of) END;
    WHEN of_kind IN ('request', 'authority') THEN
        RETURN author = me OR fence.duty(in_case) AND EXISTS (SELECT FROM request r WHERE of IN (r.document, r.authority) AND r.status <> 'draft');
    WHEN of_kind = 'revocation' THEN
        RETURN author = me OR signed IS NOT NULL AND (fence.duty(in_case)
            OR EXISTS (SELECT FROM revocation v JOIN participant p ON p.id = v.participant WHERE v.document = of AND p.person = me));
    WHEN of_kind IN ('assent', 'dissent') THEN
        RETURN author = me AND (in_case IS NULL OR fence.duty(in_case) OR fence.party(in_case))
            OR signed IS NOT NULL AND (
               in_case IS NOT NULL AND fence.duty(in_case)
            OR in_case IS NULL AND fence.post() IN ('administrator', 'head', 'chief-prosecutor')
            OR EXISTS (SELECT FROM assent a JOIN document d ON d.id = a.about WHERE a.document = of AND d.kind = 'record' AND d.author = me)
            OR EXISTS (SELECT FROM assent a JOIN document d ON d.id = a.about WHERE a.document = of AND d.kind = 'withdrawal' AND fence.filing_of(d.id)));
    WHEN of_kind IN ('appointment', 'substitution') THEN
        RETURN fence.post() IN ('administrator', 'head', 'chief-prosecutor') OR author = me;
    WHEN of_kind IN ('assignment', 'exposure') AND signed IS NULL THEN
        RETURN author = me AND fence.duty(in_case) OR fence.charge(in_case);
    WHEN of_kind IN ('assignment', 'exposure') THEN
        RETURN fence.duty(in_case);
    WHEN of_kind = 'material' THEN
        RETURN fence.duty(in_case) OR EXISTS (SELECT FROM material m WHERE m.document = of AND fence.material(m.casefile, m.part, m.flags, false));
    WHEN of_kind IN ('familiarisation', 'record', 'service') THEN
        RETURN CASE WHEN signed IS NULL THEN author = me OR of_kind = 'familiarisation' AND fence.charge(in_case)
               ELSE author = me OR fence.duty(in_case)
                 OR EXISTS (SELECT FROM familiarisation f JOIN participant p ON p.id = f.participant WHERE of IN (f.document, f.record) AND p.person = me) END;
    WHEN of_kind = 'objection' THEN
        RETURN author = me OR signed IS NOT NULL AND fence.duties(in_case) && ARRAY['supervisor', 'office'];
    ELSE
        RETURN false;
    END CASE;
END $$;

-- What lies beside a paper is seen with it.
CREATE FUNCTION fence.beside(of uuid) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM document d WHERE d.id = of
                      AND (fence.opens(d.id, d.kind, d.casefile, d.author, d.signed_at) OR d.id = fence.paper() AND d.signed_at IS NOT NULL));
END $$;

-- When a paper of exactly these bytes was signed here: whoever has the file may ask.
CREATE FUNCTION fence.signed(of bytea) RETURNS TABLE (id uuid, signed_at timestamptz) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT d.id, d.signed_at FROM document d WHERE d.digest = of AND d.signed_at IS NOT NULL;
END $$;
-- Where the record says that a paper was signed: the act that its evidence came with, of
-- those of its moment. Whoever has the number of the paper may ask.
CREATE FUNCTION fence.noted(paper uuid) RETURNS bigint LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN (SELECT r.seq
              FROM document d JOIN record r ON r.digest = d.digest AND r.who = d.signer AND r.at = d.signed_at
             WHERE d.id = paper AND d.signed_at IS NOT NULL
             ORDER BY EXISTS (SELECT FROM trace t WHERE t.seq = r.seq AND t.tab = 'evidence' AND t.id = paper::text) DESC, r.seq DESC
             LIMIT 1);
END $$;

CREATE FUNCTION fence.casefile_of(of_decision uuid) RETURNS uuid LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN (SELECT d.casefile FROM decision d WHERE d.id = of_decision);
END $$;
-- Who made a decision and who agreed with it: neither may decide a complaint about it
-- (CPC 104(1)). Whoever signed it made it, whoever began the draft. For whoever reached the
-- decision: who files one cannot read the papers.
CREATE FUNCTION fence.makers(of_decision uuid) RETURNS TABLE (author uuid, approved uuid[]) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY
    SELECT o.author, ARRAY(SELECT a.author FROM assent a WHERE a.about = d.document AND a.agrees AND a.signed_at IS NOT NULL)
      FROM decision d JOIN document o ON o.id = d.document
     WHERE d.id = of_decision;
END $$;
CREATE FUNCTION fence.decides(of_filing uuid) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN fence.post() IS NOT NULL AND EXISTS (SELECT FROM filing f WHERE f.id = of_filing AND f.status <> 'draft' AND f.decider = ANY (fence.stands_for()));
END $$;
-- That somebody writes the answer tells no word of it: a point may not be added any more. What
-- one began for whom it waits no more is no answer that is being written.
CREATE FUNCTION fence.answering(of_filing uuid) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM answer a JOIN filing f ON f.id = a.filing
                    WHERE a.filing = of_filing
                      AND (a.signed_at IS NOT NULL OR a.author = f.decider
                           OR EXISTS (SELECT FROM substitution s WHERE s.officer = f.decider AND s.deputy = a.author AND s.signed_at IS NOT NULL AND s.ended_at IS NULL)));
END $$;
-- Whether the asker answers something in a case: then he writes papers of it.
CREATE FUNCTION fence.answers(in_case uuid) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN fence.post() IS NOT NULL AND EXISTS (SELECT FROM filing f WHERE f.casefile = in_case AND f.status IN ('filed', 'considered', 'waiting') AND f.decider = ANY (fence.stands_for()));
END $$;
-- A row that he handed on stays a row he may write once more, in that transaction.
CREATE FUNCTION fence.handed_on(of_filing uuid) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN fence.post() IS NOT NULL AND EXISTS (SELECT FROM forward w WHERE w.filing = of_filing AND w.author = fence.me() AND w.signed_at IS NOT NULL);
END $$;
CREATE FUNCTION fence.case_of_participant(of uuid) RETURNS uuid LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN (SELECT p.casefile FROM participant p WHERE p.id = of);
END $$;
CREATE FUNCTION fence.is_me(of_participant uuid) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM participant p WHERE p.id = of_participant AND p.person = fence.me());
END $$;

-- Whether the asker may still help in what an assistant was let do.
CREATE FUNCTION fence.assists(of_assistant uuid) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM assistant a WHERE a.id = of_assistant AND a.person = fence.me() AND a.ended_at IS NULL AND a.until >= fence.today());
END $$;

-- What a page is made of (portal/again.go): the things of its rows, as the triggers of
-- "touched" name them; and the first moment after this one at which it would say something
-- else though nothing is touched, a term or the end of the day.
CREATE FUNCTION fence.made_of_case(of uuid, who uuid, moment timestamptz, OUT things bigint[], OUT lapses timestamptz) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    things := ARRAY(SELECT uuid_hash_extended(id, 0) FROM (
        WITH own AS (SELECT * FROM casefile WHERE id = of),
             officials AS (SELECT unnest(ARRAY[who, investigator, prosecutor]) AS person FROM own UNION SELECT decider FROM filing WHERE casefile = of)
        SELECT of
        UNION SELECT unnest(ARRAY[joined_into, severed_from, body, prosecution]) FROM own
        UNION SELECT id FROM casefile WHERE joined_into = of
        UNION SELECT id FROM casefile WHERE severed_from = of
        UNION SELECT id FROM decision WHERE casefile = of
        UNION SELECT id FROM filing WHERE casefile = of
        UNION SELECT person FROM officials
        UNION SELECT body FROM officer WHERE person IN (SELECT person FROM officials)) made (id) WHERE id IS NOT NULL);
    lapses := least(
        ((moment AT TIME ZONE 'Asia/Almaty')::date + 1)::timestamp AT TIME ZONE 'Asia/Almaty',
        (SELECT min(due) FROM filing   CROSS JOIN LATERAL unnest(ARRAY[due_at, due_raw]) due WHERE casefile = of AND due > moment),
        (SELECT min(due) FROM request  CROSS JOIN LATERAL unnest(ARRAY[due_at, due_raw]) due WHERE casefile = of AND due > moment),
        (SELECT min(due) FROM decision CROSS JOIN LATERAL unnest(ARRAY[due_at, due_raw]) due WHERE casefile = of AND due > moment),
        (SELECT min(due) FROM service  CROSS JOIN LATERAL unnest(ARRAY[due_at, due_raw]) due WHERE decision IN (SELECT id FROM decision WHERE casefile = of) AND due > moment));
END $$;
CREATE FUNCTION fence.made_of_filing(of uuid, who uuid, moment timestamptz, OUT things bigint[], OUT lapses timestamptz) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    in_case uuid   := (SELECT casefile FROM filing WHERE id = of);
    bodies  uuid[] := ARRAY(SELECT b.id FROM casefile c JOIN body b ON b.id IN (c.body, c.prosecution) WHERE c.id = in_case); -- where the next complaint would go
BEGIN
    IF in_case IS NULL THEN
        RETURN; -- about a report: its page is made anew each time
    END IF;
    bodies := bodies || ARRAY(SELECT unnest(ARRAY[b.above, b.court]) FROM body b WHERE b.id = ANY (bodies));
    bodies := bodies || ARRAY(SELECT b.above FROM body b WHERE b.id = ANY (bodies));
    SELECT made.things, made.lapses INTO things, lapses FROM fence.made_of_case(in_case, who, moment) made;
    things := things || bigint '0' || ARRAY(SELECT uuid_hash_extended(id, 0) FROM (
        WITH officials AS (SELECT author AS person FROM answer WHERE filing = of
                           UNION SELECT author FROM extension WHERE filing = of
                           UNION SELECT unnest(ARRAY[author, addressee]) FROM forward WHERE filing = of
                           UNION SELECT asked_by FROM addition WHERE filing = of
                           UNION SELECT m.person FROM message m WHERE m.filing = of
                           UNION SELECT r.who FROM record r WHERE r.object = 'filing' AND r.object_id = of)
        SELECT unnest(bodies)
        UNION SELECT id FROM point WHERE filing = of
        UNION SELECT unnest(ARRAY[document, withdrawal]) FROM filing WHERE id = of
        UNION SELECT document FROM answer WHERE filing = of
        UNION SELECT document FROM extension WHERE filing = of
        UNION SELECT document FROM forward WHERE filing = of
        UNION SELECT document FROM supplement WHERE filing = of
        UNION SELECT person FROM officials
        UNION SELECT body FROM officer WHERE person IN (SELECT person FROM officials)) made (id) WHERE id IS NOT NULL);
END $$;

-- How these things were touched of late: another word after each time.
CREATE FUNCTION fence.touches(things bigint[]) RETURNS text LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off AS $$
BEGIN
    RETURN (SELECT coalesce(sum(hashint8extended(t.tx::text::bigint, 0)), 0) FROM touched t WHERE t.thing = ANY (things));
END $$;

-- Whose statuses a status took the place of tells ids only.
ALTER FUNCTION lineage(uuid) SECURITY DEFINER SET search_path = public, pg_temp;
ALTER FUNCTION has_advocate(uuid) SECURITY DEFINER SET search_path = public, pg_temp; -- and yes or no
DO $$
DECLARE
    f regprocedure;
BEGIN
    FOR f IN SELECT p.oid::regprocedure FROM pg_proc p WHERE p.prosecdef AND p.pronamespace IN ('fence'::regnamespace, 'public'::regnamespace) LOOP
        EXECUTE format('ALTER FUNCTION %s COST 10000', f); -- each asks tables: rows are to be found by indexes first
    END LOOP;
END $$;
ALTER FUNCTION fence.overseen() COST 100; -- but this one is asked once in a query
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

-- The views ask as whoever reads them.
ALTER VIEW duty SET (security_invoker = true);
ALTER VIEW capacity SET (security_invoker = true);
ALTER VIEW standing SET (security_invoker = true);

-- Everything that holds something of a case or a person is behind the fence, its
-- owner included. portal_work is the portal's own hand; the others only read.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'person', 'officer', 'casefile', 'known', 'substitution', 'participant', 'document', 'assent', 'confirmation', 'revocation', 'request',
        'assignment', 'warrant', 'appointment', 'evidence', 'decision', 'decision_text', 'decision_person', 'exposure', 'redaction',
        'service', 'opening', 'unsealing', 'pretext', 'objection', 'material', 'material_page', 'familiarisation', 'plea', 'reading', 'note',
        'tip', 'tip_message', 'tip_file', 'filing', 'supplement', 'point', 'answer', 'resolution', 'recount', 'count_objection', 'forward', 'extension', 'addition', 'addition_point', 'cancellation', 'dispute', 'message', 'attachment', 'attachment_chunk', 'typed', 'submission', 'feed', 'assistant', 'errand', 'report', 'report_decision',
        'notice', 'contact', 'manner', 'delivery', 'movement'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY work ON %I TO portal_work USING (true) WITH CHECK (true)', name);
        EXECUTE format('CREATE POLICY fence ON %I FOR SELECT TO portal_fence, portal_audit, portal_backup USING (true)', name);
    END LOOP;
END $$;

-- Each policy says who sees a row, then who may write it. To lock a row one must be
-- able to see it; to change it one must be able to write what comes of it.
CREATE FUNCTION fence.policies(of text, seen text, made text, changed text, gone text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE POLICY seen ON %I FOR SELECT TO portal_app USING (%s)', of, seen);
    IF made IS NOT NULL THEN
        EXECUTE format('CREATE POLICY made ON %I FOR INSERT TO portal_app WITH CHECK (%s)', of, made);
    END IF;
    IF changed IS NOT NULL THEN
        EXECUTE format('CREATE POLICY changed ON %I FOR UPDATE TO portal_app USING (%s) WITH CHECK (%s)', of, seen, changed);
    END IF;
    IF gone IS NOT NULL THEN
        EXECUTE format('CREATE POLICY gone ON %I FOR DELETE TO portal_app USING (%s)', of, gone);
    END IF;
END $$;

SELECT fence.policies('person',
    seen    => $$ id = fence.me() OR iin_tag = fence.tag() OR fence.me() IS NOT NULL AND EXISTS (SELECT FROM officer o WHERE o.person = person.id) OR fence.knows(id) $$,
    made    => $$ iin_tag = fence.tag() $$,
    changed => $$ id = fence.me() OR iin_tag = fence.tag() $$,
    gone    => NULL);
SELECT fence.policies('known', $$ person = fence.me() OR fence.knows(person) $$,
    $$ person = fence.me() OR fence.charge(casefile) $$, $$ person = fence.me() $$, NULL);
SELECT fence.policies('officer', $$ fence.me() IS NOT NULL $$,
    $$ fence.post() IN ('administrator', 'head', 'chief-prosecutor') $$, $$ fence.post() IN ('administrator', 'head', 'chief-prosecutor') $$, NULL);
SELECT fence.policies('substitution', $$ (SELECT fence.post()) IS NOT NULL $$,
    $$ head = fence.me() $$, $$ fence.post() IN ('administrator', 'head', 'chief-prosecutor') $$, $$ head = fence.me() AND signed_at IS NULL $$);
SELECT fence.policies('appointment', $$ (SELECT fence.post()) IN ('administrator', 'head', 'chief-prosecutor') $$,
    $$ proposer = fence.me() $$, $$ fence.post() IN ('administrator', 'head', 'chief-prosecutor') $$, $$ proposer = fence.me() AND status = 'draft' $$);
SELECT fence.policies('assignment', $$ head = fence.me() OR fence.duty(casefile) $$,
    $$ head = fence.me() $$, $$ head = fence.me() $$, $$ head = fence.me() AND signed_at IS NULL $$);
SELECT fence.policies('warrant', $$ false $$, NULL, NULL, NULL); -- the portal shows them to the keeper, and nobody else
SELECT fence.policies('submission', $$ person = fence.me() $$, $$ person = fence.me() $$, NULL, NULL);
SELECT fence.policies('movement', $$ fence.duty(casefile) OR fence.party(casefile) $$, NULL, NULL, NULL);
SELECT fence.policies('typed', $$ person = fence.me() $$, $$ person = fence.me() $$, $$ person = fence.me() $$, $$ person = fence.me() $$);

-- All of it is asked once in a query, not once in a row, and comes as values that
-- indexes are asked with: to a plan a subquery of rows would be as dear at each row.
SELECT fence.policies('casefile', $$
       (SELECT fence.post()) IS NOT NULL AND ( -- most who ask are through with this
           body = (SELECT fence.body('investigator')) AND investigator = ANY ((SELECT fence.stands_for())::uuid[])
        OR prosecution = (SELECT fence.body('prosecutor')) AND prosecutor = ANY ((SELECT fence.stands_for())::uuid[])
        OR body = (SELECT fence.body('head')) OR prosecution = (SELECT fence.body('chief-prosecutor')))
    OR id = ANY (ARRAY(SELECT fence.own_cases())) $$,
    $$ body = fence.body('investigator') AND investigator = ANY (fence.stands_for()) $$,
    $$ body IN (fence.body('investigator'), fence.body('head')) OR prosecution IN (fence.body('prosecutor'), fence.body('chief-prosecutor')) $$, NULL);
SELECT fence.policies('participant', $$
       person = fence.me() AND status <> 'draft' OR id = ANY (ARRAY(SELECT fence.ties()))
    OR CASE status WHEN 'draft' THEN fence.charge(casefile) ELSE fence.duty(casefile) OR (SELECT fence.post()) IS NOT NULL AND fence.filed_as(id) END $$,
    $$ fence.duty(casefile) OR person = fence.me() AND status = 'awaiting' $$,
    $$ fence.duty(casefile) OR person = fence.me() AND status IN ('awaiting', 'ended') OR status = 'ended' AND fence.is_me(represents) $$,
    $$ status = 'draft' AND fence.charge(casefile) $$);
SELECT fence.policies('request', $$ person = fence.me() OR status <> 'draft' AND fence.duty(casefile) $$,
    $$ person = fence.me() $$, $$ person = fence.me() AND status IN ('draft', 'asked', 'withdrawn') OR fence.duty(casefile) $$, $$ person = fence.me() AND status = 'draft' $$);

SELECT fence.policies('report', $$ author = fence.me() OR CASE status WHEN 'draft' THEN entered_by = fence.me() AND (SELECT fence.post()) = 'registrar'
        ELSE slip_hash = fence.tag() OR (SELECT fence.post()) IS NOT NULL AND fence.receives(body) END $$,
    $$ CASE status WHEN 'draft' THEN author = fence.me() OR entered_by = fence.me() AND fence.post() = 'registrar' ELSE fence.hands_on(previous, body) END $$,
    $$ author = fence.me() OR entered_by = fence.me() OR fence.registers(body) $$,
    $$ status = 'draft' AND (author = fence.me() OR entered_by = fence.me()) $$);
SELECT fence.policies('report_decision', $$ CASE WHEN signed_at IS NULL THEN author = fence.me() AND (SELECT fence.post()) = 'registrar' ELSE fence.of_report(report) END $$,
    $$ author = fence.me() AND fence.post() = 'registrar' AND fence.of_report(report) $$, $$ author = fence.me() $$, $$ author = fence.me() AND signed_at IS NULL $$);

SELECT fence.policies('document', $$ fence.opens(id, kind, casefile, author, signed_at) OR id = fence.paper() AND signed_at IS NOT NULL $$,
    $$ author = fence.me() AND (casefile IS NULL OR fence.duty(casefile) OR kind IN ('petition', 'complaint', 'application', 'challenge', 'withdrawal', 'supplement', 'request', 'authority', 'revocation', 'service', 'record', 'objection')
        OR kind IN ('answer', 'forward', 'extension') AND fence.answers(casefile)
        OR kind IN ('assent', 'dissent') AND fence.party(casefile)) $$,
    $$ author = fence.me() $$,
    $$ signed_at IS NULL AND (author = fence.me() OR fence.charge(casefile)) $$);
SELECT fence.policies('assent', $$ author = fence.me() OR fence.beside(document) $$,
    $$ author = fence.me() AND fence.beside(about) $$, $$ author = fence.me() $$, $$ author = fence.me() AND signed_at IS NULL $$);
SELECT fence.policies('confirmation', $$ fence.beside(document) $$,
    $$ fence.charge(fence.case_of_participant(participant)) $$, $$ fence.charge(fence.case_of_participant(participant)) $$,
    $$ signed_at IS NULL AND fence.duty(fence.case_of_participant(participant)) $$);
SELECT fence.policies('revocation', $$ fence.beside(document) $$, $$ fence.beside(document) $$, $$ fence.beside(document) $$, $$ signed_at IS NULL AND fence.beside(document) $$);
SELECT fence.policies('evidence', $$ person = fence.me() OR document IS NOT NULL AND fence.beside(document) $$, $$ person = fence.me() $$, NULL, NULL);

SELECT fence.policies('decision', $$ fence.sight(id, casefile, kind, status, published_at, ready_on, flags, (SELECT fence.post()), (SELECT fence.places(NULL))) > 0
    OR (SELECT fence.post()) IS NOT NULL AND fence.disputed(id) $$,
    $$ author = fence.me() AND status = 'draft' AND fence.charge(casefile) $$,
    $$ fence.duties(casefile) && ARRAY['charge', 'supervisor', 'office'] $$,
    $$ status = 'draft' AND fence.charge(casefile) $$);
SELECT fence.policies('decision_text', $$ fence.charge(fence.casefile_of(decision)) $$, $$ fence.charge(fence.casefile_of(decision)) $$,
    $$ fence.charge(fence.casefile_of(decision)) $$, $$ fence.charge(fence.casefile_of(decision)) $$);
SELECT fence.policies('decision_person', $$ fence.decision(decision) > 0 $$, $$ fence.charge(fence.casefile_of(decision)) $$,
    NULL, $$ fence.charge(fence.casefile_of(decision)) $$);
SELECT fence.policies('exposure', $$ fence.duty(fence.casefile_of(decision)) OR signed_at IS NOT NULL AND fence.is_me(participant) $$,
    $$ fence.charge(fence.casefile_of(decision)) $$, $$ fence.charge(fence.casefile_of(decision)) $$, $$ signed_at IS NULL AND fence.charge(fence.casefile_of(decision)) $$);
SELECT fence.policies('redaction', $$ CASE WHEN signed_at IS NULL THEN fence.charge(fence.casefile_of(decision)) ELSE fence.decision(decision) > 0 END $$,
    $$ fence.charge(fence.casefile_of(decision)) $$, $$ fence.charge(fence.casefile_of(decision)) $$, $$ signed_at IS NULL AND fence.charge(fence.casefile_of(decision)) $$);

SELECT fence.policies('service', $$ person = fence.me() OR fence.duty(fence.casefile_of(decision)) $$,
    $$ person = fence.me() $$, $$ person = fence.me() $$, $$ person = fence.me() AND at IS NULL $$);
SELECT fence.policies('unsealing', $$ fence.duty(casefile) OR fence.party(casefile) $$, NULL, NULL, NULL);
SELECT fence.policies('opening', $$ person = fence.me() OR fence.duty(casefile) OR (owner IS NULL OR owner = fence.me()) AND fence.party(casefile) $$,
    $$ person = fence.me() $$, NULL, NULL);
SELECT fence.policies('pretext', $$ person = fence.me() $$, $$ person = fence.me() $$, $$ person = fence.me() $$, $$ person = fence.me() $$);
SELECT fence.policies('objection', $$ person = fence.me() OR fence.duties(casefile) && ARRAY['supervisor', 'office'] $$,
    $$ person = fence.me() $$, $$ fence.duties(casefile) && ARRAY['supervisor', 'office'] $$, NULL);

SELECT fence.policies('material', $$ fence.material(casefile, part, flags, true) $$, $$ fence.charge(casefile) $$, $$ fence.charge(casefile) $$, $$ fence.charge(casefile) $$);
SELECT fence.policies('material_page', $$ EXISTS (SELECT FROM material m WHERE m.id = material_page.material AND fence.material(m.casefile, m.part, m.flags, false)) $$, NULL, NULL, NULL);
SELECT fence.policies('familiarisation', $$ fence.is_me(participant) OR fence.duty(casefile) $$,
    $$ fence.charge(casefile) $$, $$ fence.is_me(participant) OR fence.charge(casefile) $$, $$ status = 'draft' AND fence.charge(casefile) $$);
SELECT fence.policies('plea', $$ EXISTS (SELECT FROM familiarisation f WHERE f.id = plea.familiarisation) $$,
    $$ EXISTS (SELECT FROM familiarisation f WHERE f.id = plea.familiarisation AND fence.is_me(f.participant)) $$, $$ fence.charge(casefile) $$, NULL);
SELECT fence.policies('reading', $$ EXISTS (SELECT FROM familiarisation f WHERE f.id = reading.familiarisation) $$,
    $$ EXISTS (SELECT FROM familiarisation f WHERE f.id = reading.familiarisation) $$, $$ EXISTS (SELECT FROM familiarisation f WHERE f.id = reading.familiarisation) $$, NULL);
SELECT fence.policies('note', $$ person = fence.me() $$, $$ person = fence.me() $$, $$ person = fence.me() $$, $$ person = fence.me() $$);

-- An office has thousands: what fence.filing would say of most is known from one set.
SELECT fence.policies('filing', $$ author = fence.me() OR status <> 'draft' AND casefile IN (SELECT fence.overseen()) AND complained IS DISTINCT FROM fence.me()
    OR fence.filing(author, status, decider, casefile, participant, complained)
    OR (SELECT fence.post()) IS NOT NULL AND (fence.contested(id) OR fence.handed_on(id)) $$,
    $$ author = fence.me() AND status = 'draft' $$,
    $$ author = fence.me() OR fence.client(participant, casefile)
    OR fence.post() IS NOT NULL AND (fence.filing(author, status, decider, casefile, participant, complained) OR fence.handed_on(id)) $$,
    $$ author = fence.me() AND status = 'draft' $$);
SELECT fence.policies('answer', $$ CASE WHEN signed_at IS NULL THEN fence.decides(filing) ELSE EXISTS (SELECT FROM filing f WHERE f.id = answer.filing
        AND NOT (f.author = fence.me() AND f.participant IS NOT NULL AND fence.left_before(f.participant, answer.signed_at))) END $$,
    $$ author = fence.me() AND signed_at IS NULL AND fence.decides(filing) $$, $$ EXISTS (SELECT FROM filing f WHERE f.id = answer.filing) $$, NULL);
SELECT fence.policies('supplement', $$ EXISTS (SELECT FROM filing f WHERE f.id = supplement.filing AND (signed_at IS NOT NULL OR f.author = fence.me())) $$,
    $$ EXISTS (SELECT FROM filing f WHERE f.id = supplement.filing AND f.author = fence.me()) $$,
    $$ EXISTS (SELECT FROM filing f WHERE f.id = supplement.filing AND f.author = fence.me()) $$,
    $$ signed_at IS NULL AND EXISTS (SELECT FROM filing f WHERE f.id = supplement.filing AND f.author = fence.me()) $$);
SELECT fence.policies('dispute', $$ EXISTS (SELECT FROM point p WHERE p.id = dispute.point) $$,
    $$ person = fence.me() AND EXISTS (SELECT FROM point p JOIN filing f ON f.id = p.filing WHERE p.id = dispute.point AND f.author = fence.me()) $$, NULL, NULL);
SELECT fence.policies('message', $$ EXISTS (SELECT FROM filing f WHERE f.id = message.filing) $$,
    $$ person = fence.me() AND CASE WHEN official THEN fence.decides(filing) ELSE EXISTS (SELECT FROM filing f WHERE f.id = message.filing AND f.author = fence.me()) END $$,
    $$ CASE WHEN official THEN EXISTS (SELECT FROM filing f WHERE f.id = message.filing AND f.author = fence.me()) ELSE fence.decides(filing) END $$, NULL);
SELECT fence.policies('point', $$ EXISTS (SELECT FROM filing f WHERE f.id = point.filing) $$,
    $$ EXISTS (SELECT FROM filing f WHERE f.id = point.filing AND f.author = fence.me() AND (f.status = 'draft'
        OR f.status IN ('filed', 'considered', 'waiting') AND EXISTS (SELECT FROM supplement s WHERE s.id = point.supplement AND s.filing = f.id))) $$, NULL,
    $$ EXISTS (SELECT FROM filing f WHERE f.id = point.filing AND f.author = fence.me() AND f.status = 'draft') $$);
SELECT fence.policies('resolution', $$ EXISTS (SELECT FROM answer a JOIN point p ON p.filing = a.filing WHERE p.id = resolution.point) $$,
    $$ fence.decides((SELECT p.filing FROM point p WHERE p.id = resolution.point)) $$, NULL,
    $$ fence.decides((SELECT p.filing FROM point p WHERE p.id = resolution.point)) $$);
SELECT fence.policies('forward', $$ CASE WHEN signed_at IS NULL THEN author = fence.me() ELSE EXISTS (SELECT FROM filing f WHERE f.id = forward.filing) END $$,
    $$ author = fence.me() AND signed_at IS NULL AND fence.decides(filing) $$, $$ author = fence.me() $$, $$ author = fence.me() AND signed_at IS NULL $$);
SELECT fence.policies('extension', $$ CASE WHEN signed_at IS NULL THEN fence.decides(filing) ELSE EXISTS (SELECT FROM filing f WHERE f.id = extension.filing) END $$,
    $$ author = fence.me() AND signed_at IS NULL AND fence.decides(filing) $$, $$ author = fence.me() $$, NULL);
SELECT fence.policies('addition', $$ EXISTS (SELECT FROM filing f WHERE f.id = addition.filing) $$,
    $$ asked_by = fence.me() AND supplement IS NULL AND fence.decides(filing) $$, $$ EXISTS (SELECT FROM filing f WHERE f.id = addition.filing AND f.author = fence.me()) $$, NULL);
SELECT fence.policies('addition_point', $$ EXISTS (SELECT FROM addition a WHERE a.id = addition_point.addition) $$,
    $$ reply IS NULL AND EXISTS (SELECT FROM addition a WHERE a.id = addition_point.addition AND a.asked_by = fence.me()) $$,
    $$ EXISTS (SELECT FROM addition a JOIN filing f ON f.id = a.filing WHERE a.id = addition_point.addition AND f.author = fence.me()) $$, NULL);
SELECT fence.policies('cancellation', $$ EXISTS (SELECT FROM filing f WHERE f.id = cancellation.filing) $$,
    $$ author = fence.me() AND EXISTS (SELECT FROM filing f WHERE f.id = cancellation.filing AND fence.duties(f.casefile) && ARRAY['supervisor', 'office']) $$, NULL, NULL);
-- Whoever has a slip finds the report by it, and nothing that lies beside it.
SELECT fence.policies('attachment', $$ CASE WHEN report IS NULL THEN EXISTS (SELECT FROM filing f WHERE f.id = attachment.filing)
        ELSE EXISTS (SELECT FROM report r WHERE r.id = attachment.report AND (r.author = fence.me() OR CASE r.status WHEN 'draft' THEN r.entered_by = fence.me()
                     ELSE (SELECT fence.post()) IS NOT NULL AND fence.receives(r.body) END)) END $$,
    $$ author = fence.me() AND (EXISTS (SELECT FROM filing f WHERE f.id = attachment.filing AND f.author = fence.me() AND f.status = 'draft')
        OR EXISTS (SELECT FROM report r WHERE r.id = attachment.report AND (r.author = fence.me() OR r.entered_by = fence.me()) AND r.status = 'draft'))
        OR report IS NOT NULL AND fence.handing(report) $$,
    $$ author = fence.me() OR state IN ('clean', 'quarantined') -- a reader has it scanned: attachment_is_final lets nothing else pass
        AND NOT EXISTS (SELECT FROM filing f WHERE f.id = attachment.filing AND f.status = 'draft' UNION ALL SELECT FROM report r WHERE r.id = attachment.report AND r.status = 'draft') $$,
    $$ author = fence.me() AND (EXISTS (SELECT FROM filing f WHERE f.id = attachment.filing AND f.author = fence.me() AND f.status = 'draft')
        OR EXISTS (SELECT FROM report r WHERE r.id = attachment.report AND (r.author = fence.me() OR r.entered_by = fence.me()) AND r.status = 'draft')) $$);
SELECT fence.policies('attachment_chunk', $$ EXISTS (SELECT FROM attachment a WHERE a.id = attachment_chunk.attachment) $$,
    $$ EXISTS (SELECT FROM attachment a WHERE a.id = attachment_chunk.attachment AND a.author = fence.me()) OR fence.handing_file(attachment) $$,
    $$ EXISTS (SELECT FROM attachment a WHERE a.id = attachment_chunk.attachment AND a.author = fence.me()) $$,
    $$ EXISTS (SELECT FROM attachment a WHERE a.id = attachment_chunk.attachment AND a.author = fence.me()) $$);
SELECT fence.policies('recount', $$ EXISTS (SELECT FROM filing f WHERE f.id = recount.filing) $$, NULL, NULL, NULL);
SELECT fence.policies('count_objection', $$ EXISTS (SELECT FROM filing f WHERE f.id = count_objection.filing) $$,
    $$ person = fence.me() AND EXISTS (SELECT FROM filing f WHERE f.id = count_objection.filing) $$, NULL, NULL);
SELECT fence.policies('feed', $$ person = fence.me() OR token_hash = fence.tag() AND ended_at IS NULL $$,
    $$ person = fence.me() $$, $$ person = fence.me() $$, NULL);
SELECT fence.policies('assistant', $$ advocate = fence.me() OR person = fence.me() AND ended_at IS NULL AND until >= fence.today() $$,
    $$ advocate = fence.me() $$, $$ advocate = fence.me() $$, NULL);
SELECT fence.policies('errand', $$ advocate = fence.me() OR fence.assists(assistant) $$,
    $$ advocate = fence.me() $$, $$ advocate = fence.me() OR status <> 'taken' AND fence.assists(assistant) $$, NULL);
-- What somebody is told, and where: his alone. The worker makes notices; he reads them.
SELECT fence.policies('notice', $$ person = fence.me() $$, NULL, $$ person = fence.me() $$, NULL);
SELECT fence.policies('contact', $$ person = fence.me() $$, $$ person = fence.me() AND confirmed_at IS NULL OR person = fence.me() AND channel = 'push' $$, $$ person = fence.me() $$, NULL);
SELECT fence.policies('manner', $$ person = fence.me() OR fence.takes_down(person) $$,
    $$ person = fence.me() OR fence.takes_down(person) $$, $$ person = fence.me() OR fence.takes_down(person) $$, NULL);
SELECT fence.policies('delivery', $$ person = fence.me() $$,
    $$ person = fence.me() AND state = 'queued' AND EXISTS (SELECT FROM contact c WHERE c.id = delivery.contact AND c.person = fence.me())
       AND (notice IS NULL OR EXISTS (SELECT FROM notice n WHERE n.id = delivery.notice AND n.person = fence.me())) $$, NULL, NULL);
-- An anonymous message is found by the code it was given (its handle is told as a secret), and
-- by the duty officers and the head of the body it was sent to.
SELECT fence.policies('tip', $$ handle = fence.tag() OR body = (SELECT fence.body('registrar')) OR body = (SELECT fence.body('head')) $$,
    $$ handle = fence.tag() $$, $$ handle = fence.tag() OR body = fence.body('registrar') OR body = fence.body('head') $$, NULL);
SELECT fence.policies('tip_message', $$ EXISTS (SELECT FROM tip t WHERE t.id = tip_message.tip) $$,
    $$ author IS NOT DISTINCT FROM fence.me() AND EXISTS (SELECT FROM tip t WHERE t.id = tip_message.tip) $$, NULL, NULL);
SELECT fence.policies('tip_file', $$ EXISTS (SELECT FROM tip t WHERE t.id = tip_file.tip) $$,
    $$ EXISTS (SELECT FROM tip t WHERE t.id = tip_file.tip AND t.handle = fence.tag()) $$, NULL, NULL);
DROP FUNCTION fence.policies;

-- A new epoch of the keeper changes the wraps before a sealed text and nothing else of
-- it (portal/vault, form.go; portal/reseal). portal_rotate may do that to whatever stands
-- here, signed and filed papers too, and the trigger holds it to that: the text is the
-- same to the byte, it opens to the same persons, and every wrap is of a later epoch.
-- Texts that live no longer than a session are sealed otherwise, and are not here.
--
-- How many bytes stand before the text of what portal/vault sealed; of its first 903
-- bytes too, in which all wraps are. NULL: it is nothing of that kind.
CREATE FUNCTION wraps_size(b bytea) RETURNS int LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN octet_length(b) < 101 THEN NULL
                WHEN get_byte(b, 0) IN (2, 4) THEN 85
                WHEN get_byte(b, 0) = 3 AND get_byte(b, 1) BETWEEN 1 AND 8 AND octet_length(b) >= 2 + 100 * get_byte(b, 1) + 101 THEN 2 + 100 * get_byte(b, 1) + 85 END
$$;
CREATE FUNCTION oldest_wrap(b bytea) RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    size   int := wraps_size(b);
    at     int := size - 84; -- the epoch of the wrap for its place; before it those of persons
    oldest bigint;
BEGIN
    WHILE at > 0 LOOP
        oldest := least(oldest, (get_byte(b, at)::bigint << 24) + (get_byte(b, at + 1) << 16) + (get_byte(b, at + 2) << 8) + get_byte(b, at + 3));
        at := CASE at WHEN size - 84 THEN size - 169 ELSE at - 100 END;
    END LOOP;
    RETURN oldest;
END $$;
CREATE FUNCTION rewrapped(was bytea, is_now bytea) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    old  bytea := substring(was FOR 903); -- once, and not of a file of 20 MB at each step
    new  bytea := substring(is_now FOR 903);
    size int   := wraps_size(old);
BEGIN
    IF was IS NOT DISTINCT FROM is_now THEN
        RETURN true;
    END IF;
    IF size IS NULL OR size IS DISTINCT FROM wraps_size(new) OR get_byte(new, 0) <> (CASE get_byte(old, 0) WHEN 4 THEN 2 ELSE get_byte(old, 0) END) OR octet_length(was) <> octet_length(is_now)
        OR oldest_wrap(new) <= oldest_wrap(old) THEN
        RETURN false;
    END IF;
    FOR at IN 3 .. size - 184 BY 100 LOOP
        IF substring(old FROM at FOR 16) <> substring(new FROM at FOR 16) THEN -- another person
            RETURN false;
        END IF;
    END LOOP;
    RETURN substring(was FROM size + 1) = substring(is_now FROM size + 1);
END $$;
CREATE FUNCTION refuse_rewrap() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%: more than wraps would change', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
DO $$
DECLARE
    name text;
    cols text[];
    same text;
BEGIN
    FOR name, cols IN VALUES
        ('person', '{iin,name}'::text[]), ('casefile', '{number,offence_kk,offence_ru}'), ('known', '{name,iin}'), ('participant', '{advocate}'),
        ('document', '{content,cms}'), ('assent', '{reasons}'), ('confirmation', '{advocate,reasons}'), ('request', '{represented,words,named}'),
        ('evidence', '{bundle}'), ('decision', '{severs}'), ('decision_text', '{established,resolved}'), ('exposure', '{reasons}'),
        ('redaction', '{established,resolved}'), ('opening', '{words}'), ('unsealing', '{ground}'), ('pretext', '{words}'), ('objection', '{words,answer}'),
        ('material', '{title}'), ('material_page', '{small,sharp,words}'), ('familiarisation', '{motions}'), ('plea', '{words}'),
        ('filing', '{circumstances,named,filer}'), ('supplement', '{text,points}'), ('point', '{text}'), ('answer', '{reasons}'), ('resolution', '{reasons,article}'),
        ('dispute', '{text}'), ('message', '{text}'), ('forward', '{words}'), ('extension', '{reason}'), ('addition_point', '{asked,reply}'),
        ('cancellation', '{words}'), ('attachment', '{name}'), ('attachment_chunk', '{content}'), ('count_objection', '{words}'),
        ('report', '{draft,answers,handed}'), ('report_decision', '{terms}'), ('assistant', '{name}'), ('errand', '{case_number,advocate_name,wish,circumstances,points}'), ('typed', '{fields}'), ('tip_message', '{text}'), ('tip_file', '{content}')
    LOOP
        SELECT string_agg(format('rewrapped(OLD.%1$I, NEW.%1$I)', c), ' AND ') INTO STRICT same FROM unnest(cols) AS c;
        EXECUTE format('CREATE TRIGGER rewrapped BEFORE UPDATE ON %I FOR EACH ROW WHEN (current_user = ''portal_rotate'' AND (%s) IS NOT TRUE) EXECUTE FUNCTION refuse_rewrap()', name, same);
        EXECUTE format('CREATE POLICY rotate ON %I FOR SELECT TO portal_rotate USING (true)', name);
        EXECUTE format('CREATE POLICY rotated ON %I FOR UPDATE TO portal_rotate USING (true) WITH CHECK (true)', name);
        EXECUTE format('GRANT SELECT ON %I TO portal_rotate', name);
        SELECT string_agg(quote_ident(c), ', ') INTO STRICT same FROM unnest(cols) AS c;
        EXECUTE format('GRANT UPDATE (%s) ON %I TO portal_rotate', same, name);
    END LOOP;
END $$;
GRANT SELECT ON addition, tip TO portal_rotate; -- between a point and its filing; whose a message is
CREATE POLICY rotate ON addition FOR SELECT TO portal_rotate USING (true);
CREATE POLICY rotate ON tip FOR SELECT TO portal_rotate USING (true);

-- What each role may do to a table at all; none may empty one or alter it. A column is
-- in a list because a query of the program changes it (portal/fence/queries_test.go), so a
-- row's rest is as it was made. Whoever locks a row must be able to change some of it.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA fence FROM PUBLIC;
REVOKE ALL ON FUNCTION lineage(uuid), has_advocate(uuid), standings(uuid, uuid), sits(uuid, text, uuid, uuid, uuid, uuid), addressed(uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION standings(uuid, uuid), sits(uuid, text, uuid, uuid, uuid, uuid), addressed(uuid, uuid) TO portal_app, portal_work;
GRANT EXECUTE ON FUNCTION lineage(uuid), has_advocate(uuid) TO portal_app, portal_work, portal_fence;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA fence TO portal_app, portal_work, portal_fence;
REVOKE EXECUTE ON FUNCTION fence.readers(uuid, timestamptz) FROM portal_app; -- it asks in the name of others
GRANT SELECT ON ALL TABLES IN SCHEMA public TO portal_app, portal_work, portal_fence, portal_audit, portal_backup;
REVOKE SELECT ON sight, seat, timetable, trace, touched, home, warrant FROM portal_app;
REVOKE SELECT ON session, challenge, phone_request, typed, submission, event_paper, note, pretext, job, timetable, sight, seat FROM portal_audit; -- nothing that is evidence
GRANT SELECT ON body, day_off, schema_version, timetable TO portal_read;
GRANT SELECT (id, name, key, run_at, attempts, max, leased_until, done_at, dead_at) ON job TO portal_read; -- not what it is about

GRANT INSERT ON
    person, body, officer, session, challenge, phone_request, casefile, known, substitution, participant, document, assent, confirmation, revocation,
    request, assignment, appointment, evidence, decision, decision_text, decision_person, exposure, redaction, service, opening, pretext, objection,
    material, familiarisation, plea, reading, note, filing, supplement, point, answer, resolution, dispute, message, forward, extension, addition,
    addition_point, cancellation, attachment, attachment_chunk, count_objection, feed, assistant, errand, typed, job TO portal_app, portal_work;
GRANT INSERT ON contact, manner, delivery TO portal_app, portal_work;
GRANT INSERT ON submission TO portal_app, portal_work;
GRANT INSERT ON inbound, movement TO portal_work;
GRANT INSERT ON event_paper TO portal_app, portal_work;
GRANT INSERT ON event, subscriber, sending TO portal_work;
GRANT UPDATE (seq) ON herald TO portal_work;
GRANT UPDATE (url, seal, silent, run_at, heard_at) ON subscriber TO portal_work;
GRANT UPDATE (state, tries, refused, failure, run_at, leased_until, settled_at) ON sending TO portal_work;
GRANT UPDATE (state, refused, run_at, settled_at) ON sending TO portal_app; -- whoever is on duty has it tried again
GRANT DELETE ON event_paper TO portal_work;
GRANT UPDATE (state, code, field, answer, tries, last_at, batch, line) ON inbound TO portal_work;
GRANT UPDATE (name_kk, name_ru, above, court, kato, code, prosecution, made_at) ON body TO portal_work;
GRANT UPDATE (body, prosecution, charged_at) ON casefile TO portal_work;
GRANT INSERT ON notice TO portal_work;
GRANT INSERT ON report_book, report, report_decision TO portal_app, portal_work;
GRANT INSERT ON day_off, recount, material_page, timetable, warrant, unsealing TO portal_work;
GRANT INSERT ON checkpoint TO portal_audit;
GRANT USAGE ON SCHEMA ledger TO portal_app, portal_work, portal_audit, portal_rotate;
GRANT EXECUTE ON FUNCTION ledger.record(timestamptz, uuid, text, text, uuid, uuid, text, bytea) TO portal_app, portal_work;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ledger TO portal_audit;
REVOKE EXECUTE ON FUNCTION ledger.record(timestamptz, uuid, text, text, uuid, uuid, text, bytea), ledger.reseal(text, uuid), ledger.mark(bigint, text[], text[], int[]),
    ledger.record_all(timestamptz, text, text, text, uuid[], uuid[], uuid[], bytea, text[], text[], int[]) FROM portal_audit;
GRANT EXECUTE ON FUNCTION ledger.record_all(timestamptz, text, text, text, uuid[], uuid[], uuid[], bytea, text[], text[], int[]) TO portal_work;
GRANT EXECUTE ON FUNCTION ledger.reseal(text, uuid) TO portal_rotate;

GRANT DELETE ON
    session, challenge, phone_request, substitution, participant, document, assent, confirmation, revocation, request, assignment, appointment,
    decision, decision_text, decision_person, exposure, redaction, service, material, familiarisation, note, filing, supplement, point,
    resolution, attachment, attachment_chunk, typed TO portal_app, portal_work;
GRANT DELETE ON report, report_decision TO portal_app, portal_work;
GRANT DELETE ON job, touched TO portal_work;

GRANT UPDATE (name, signed_in_at, signed_in_way, signed_in_with) ON person TO portal_app, portal_work;
GRANT UPDATE (name) ON known TO portal_app, portal_work;
GRANT UPDATE (name, post, body, until, left_at, since, made_at) ON officer TO portal_app, portal_work;
GRANT UPDATE (seen_at, told, acting) ON session TO portal_app, portal_work;
GRANT UPDATE (used_at) ON challenge TO portal_app, portal_work;
GRANT UPDATE (state, tries, refusal, cms, content) ON phone_request TO portal_app, portal_work;
GRANT UPDATE (investigator, prosecutor, joined_into, joined_at) ON casefile TO portal_app, portal_work;
GRANT UPDATE (signed_at, ended_at) ON substitution TO portal_app, portal_work;
GRANT UPDATE (status, ended_at) ON participant TO portal_fence; -- fence.end_resting
CREATE POLICY ends ON participant FOR UPDATE TO portal_fence USING (true) WITH CHECK (status = 'ended');
GRANT UPDATE (person, role, represents, previous, capacity, scope, until, advocate, from_case, basis, status, asked_at, since, confirmed_at, confirmed_by, ended_at, awaits_since) ON participant TO portal_app, portal_work;
GRANT UPDATE (cms, signer, signed_at) ON document TO portal_app, portal_work;
GRANT UPDATE (signed_at) ON assent TO portal_app, portal_work;
GRANT UPDATE (signed_at) ON confirmation TO portal_app, portal_work;
GRANT UPDATE (signed_at) ON revocation TO portal_app, portal_work;
GRANT UPDATE (casefile, role, represented, words, named, language, document, authority, participant, status, made_at, asked_at, term, due_raw, due_at, overdue_at, settled_at) ON request TO portal_app, portal_work;
GRANT UPDATE (signed_at) ON assignment TO portal_app, portal_work;
GRANT UPDATE (second, status, proposed_at, settled_at) ON appointment TO portal_app, portal_work;
GRANT UPDATE (kind, status, decided_on, ready_on, flags, document, joins, severs, leaving, made_at, submitted_at, term, due_raw, due_at, published_at) ON decision TO portal_app, portal_work;
GRANT UPDATE (signed_at, ended_at) ON exposure TO portal_app, portal_work;
GRANT UPDATE (signed_at, replaced_at) ON redaction TO portal_app, portal_work;
GRANT UPDATE (way, at, document, term, due_raw, due_at) ON service TO portal_app, portal_work;
GRANT UPDATE (id, reason, words, opens_on, made_at) ON pretext TO portal_app, portal_work;
GRANT UPDATE (answered_by, answer, answered_at) ON objection TO portal_app, portal_work;
GRANT UPDATE (state) ON material TO portal_app, portal_work;
GRANT UPDATE (until, postponed, status, record, motions, opened_at, recorded_at, closed_at) ON familiarisation TO portal_app, portal_work;
GRANT UPDATE (days, answered_at) ON plea TO portal_app, portal_work;
GRANT UPDATE (last_at, times, seconds, told) ON reading TO portal_app, portal_work;
GRANT UPDATE (content, saved_at) ON note TO portal_app, portal_work;
GRANT UPDATE (participant, kind, status, language, about, against, previous, ground, what, complained, interested, circumstances, named, body, filer, suspend, document, withdrawal, decider, seat, former, number, made_at, filed_at, term, due_raw, due_at, considered_at, ended_at, overdue_at) ON filing TO portal_app, portal_work;
GRANT UPDATE (text, document, made_at, signed_at) ON supplement TO portal_app, portal_work;
GRANT UPDATE (author, outcome, remedy, reasons, language, document, made_at, signed_at, read_at) ON answer TO portal_app, portal_work;
GRANT UPDATE (read_at) ON message TO portal_app;
GRANT UPDATE (himself, addressee, seat, words, language, document, made_at, signed_at) ON forward TO portal_app, portal_work;
GRANT UPDATE (author, reason, was_term, was_raw, was_due, due_raw, due_at, language, document, made_at, signed_at) ON extension TO portal_app, portal_work;
GRANT UPDATE (supplement, answered_at) ON addition TO portal_app, portal_work;
GRANT UPDATE (reply) ON addition_point TO portal_app, portal_work;
GRANT UPDATE (size, received, digest, state, copy_kind, copy_size, copy_digest, disarmed, scanned_at) ON attachment TO portal_app, portal_work;
GRANT UPDATE (content, outside, rest) ON attachment_chunk TO portal_app, portal_work;
GRANT UPDATE (seen_at, ended_at) ON feed TO portal_app, portal_work;
GRANT UPDATE (last, last_at) ON report_book TO portal_app, portal_work;
GRANT UPDATE (author, way, status, language, draft, answers, body, document, number, officer, slip_hash, saved_at, registered_at, term, due_raw, due_at, decided_at, overdue_at) ON report TO portal_app, portal_work;
GRANT UPDATE (signed_at) ON report_decision TO portal_app, portal_work;
GRANT UPDATE (ended_at) ON assistant TO portal_app, portal_work;
GRANT UPDATE (circumstances, points, status, filing, saved_at, handed_at) ON errand TO portal_app, portal_work;
GRANT UPDATE (fields, page, turn, saved_at) ON typed TO portal_app, portal_work;
GRANT INSERT ON tip, tip_message, tip_file TO portal_app, portal_work;
GRANT DELETE ON tip_file TO portal_work;
GRANT UPDATE (status, closed_on, forgotten_on) ON tip TO portal_app, portal_work;
GRANT UPDATE (text, own, batch) ON tip_message TO portal_work;
GRANT UPDATE (run_at, attempts, dead_at) ON job TO portal_app; -- whoever is on duty has what was given up tried again
GRANT UPDATE (read_at) ON notice TO portal_app;
GRANT UPDATE (code, code_at, tries, codes, confirmed_at, ended_at) ON contact TO portal_app, portal_work;
GRANT UPDATE (language, channel, silent, night_begins, night_ends, discreet, saved_at) ON manner TO portal_app, portal_work;
GRANT UPDATE (state, tries, run_at, leased_until, ref, sent_at, settled_at) ON delivery TO portal_work;
GRANT UPDATE (seq, checked, waits, late, late_since, month, in_time, counted_at) ON courier TO portal_work;
GRANT UPDATE (bundle, digest, revocation, known_at, stamped) ON evidence TO portal_work;
GRANT UPDATE (run_at, attempts, leased_until, last_error, done_at, dead_at, slip) ON job TO portal_work;
GRANT UPDATE (due_at, ran_at, failures, last_error) ON timetable TO portal_work;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO portal_app, portal_work;
GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO portal_backup;
