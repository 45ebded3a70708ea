import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import org.bouncycastle.jce.interfaces.ECPublicKey;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.util.encoders.Hex;

/** Prints signatures by keys of its own, a line each: x, y, message, signature in hex. */
public class BouncyCastle {
    public static void main(String[] args) throws Exception {
        BouncyCastleProvider provider = new BouncyCastleProvider();
        SecureRandom random = new SecureRandom();
        for (int i = 0; i < 8; i++) {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("ECGOST3410-2012", provider);
            generator.initialize(new ECGenParameterSpec("Tc26-Gost-3410-12-512-paramSetA"), random);
            KeyPair pair = generator.generateKeyPair();
            byte[] message = new byte[100 * i + 1];
            random.nextBytes(message);
            Signature signature = Signature.getInstance("ECGOST3410-2012-512", provider);
            signature.initSign(pair.getPrivate());
            signature.update(message);
            ECPublicKey key = (ECPublicKey) pair.getPublic();
            System.out.println(Hex.toHexString(key.getQ().getAffineXCoord().getEncoded()) + " "
                + Hex.toHexString(key.getQ().getAffineYCoord().getEncoded()) + " "
                + Hex.toHexString(message) + " " + Hex.toHexString(signature.sign()));
        }
    }
}
