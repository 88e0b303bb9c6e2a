import java.net.URI;
import java.util.Map;
import java.util.concurrent.Callable;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.oauth2.sdk.*;
import com.nimbusds.oauth2.sdk.auth.*;
import com.nimbusds.oauth2.sdk.http.HTTPResponse;
import com.nimbusds.oauth2.sdk.id.*;
import com.nimbusds.oauth2.sdk.pkce.*;
import com.nimbusds.openid.connect.sdk.*;
import com.nimbusds.openid.connect.sdk.op.OIDCProviderMetadata;
import com.nimbusds.openid.connect.sdk.token.OIDCTokens;
import com.nimbusds.openid.connect.sdk.validators.IDTokenValidator;

import org.springframework.security.oauth2.client.endpoint.*;
import org.springframework.security.oauth2.client.oidc.authentication.OidcIdTokenDecoderFactory;
import org.springframework.security.oauth2.client.registration.*;
import org.springframework.security.oauth2.client.web.OAuth2AuthorizationRequestCustomizers;
import org.springframework.security.oauth2.core.endpoint.*;
import org.springframework.security.oauth2.jose.jws.SignatureAlgorithm;
import org.springframework.security.oauth2.jwt.*;

/** Libraries of Java against a running service, with clients as create_client makes them.  Prints TAP. */
public class Interop {
	static final String ISSUER = System.getenv("BASE_URL");
	static final String API = System.getenv("RESOURCE");
	static final String SPRING_API = "https://spring.example";
	static final URI REDIRECT = URI.create("http://127.0.0.1:49152/cb");
	static final ClientID LIBRARY = new ClientID("library");
	static final Secret LIBRARY_SECRET = new Secret(System.getenv("LIBRARY_SECRET"));
	static final ClientID SPRING = new ClientID("spring");
	static final Secret SPRING_SECRET = new Secret(System.getenv("SPRING_SECRET"));

	/** the user's part */
	static URI approve(URI authorize) throws Exception {
		Process process = new ProcessBuilder("../user", "approve", authorize.toString()).redirectError(ProcessBuilder.Redirect.INHERIT).start();
		String back = new String(process.getInputStream().readAllBytes()).trim();
		expect(process.waitFor() == 0, "approved");
		return URI.create(back);
	}

	static void expect(boolean condition, String what) {
		if (!condition) throw new IllegalStateException(what);
	}

	static OIDCProviderMetadata metadata() throws Exception {
		return OIDCProviderMetadata.resolve(new Issuer(ISSUER));
	}

	static OIDCTokens login(ClientAuthentication client, String scope, String resource, Nonce nonce) throws Exception {
		CodeVerifier verifier = new CodeVerifier();
		AuthenticationRequest asked = new AuthenticationRequest.Builder(new ResponseType("code"), Scope.parse(scope), client.getClientID(), REDIRECT)
			.endpointURI(metadata().getAuthorizationEndpointURI()).state(new State()).nonce(nonce).resource(URI.create(resource))
			.codeChallenge(verifier, CodeChallengeMethod.S256).build();
		AuthorizationCode code = AuthenticationResponseParser.parse(approve(asked.toURI())).toSuccessResponse().getAuthorizationCode();
		return tokens(new TokenRequest.Builder(metadata().getTokenEndpointURI(), client, new AuthorizationCodeGrant(code, REDIRECT, verifier)).build());
	}

	static OIDCTokens tokens(TokenRequest request) throws Exception {
		HTTPResponse answer = request.toHTTPRequest().send();
		expect(answer.getStatusCode() == 200, "tokens, and not " + answer.getStatusCode());
		return ((OIDCTokenResponse) OIDCTokenResponseParser.parse(answer)).getOIDCTokens();
	}

	static Void nimbus() throws Exception {
		for (ClientAuthentication client : new ClientAuthentication[] { new ClientSecretBasic(LIBRARY, LIBRARY_SECRET), new ClientSecretPost(LIBRARY, LIBRARY_SECRET) }) {
			Nonce nonce = new Nonce();
			OIDCTokens got = login(client, "openid offline_access notes:read", API, nonce);
			new IDTokenValidator(metadata().getIssuer(), LIBRARY, JWSAlgorithm.ES256, metadata().getJWKSetURI().toURL()).validate(got.getIDToken(), nonce);
			OIDCTokens next = tokens(new TokenRequest.Builder(metadata().getTokenEndpointURI(), client, new RefreshTokenGrant(got.getRefreshToken())).build());
			expect(!next.getRefreshToken().equals(got.getRefreshToken()), "rotated");
		}
		return null;
	}

	static Void springLogin() throws Exception {
		Nonce nonce = new Nonce();
		OIDCTokens got = login(new ClientSecretBasic(SPRING, SPRING_SECRET), "openid beans", SPRING_API, nonce);
		// which decoder it takes by itself: RS256
		JwtDecoder decoder = new OidcIdTokenDecoderFactory().createDecoder(
			ClientRegistrations.fromIssuerLocation(ISSUER).clientId("spring").clientSecret(SPRING_SECRET.getValue()).build());
		expect(nonce.getValue().equals(decoder.decode(got.getIDTokenString()).getClaimAsString("nonce")), "nonce");
		// and what it has to be told for ES256, as docs/clients.md has it
		got = login(new ClientSecretBasic(LIBRARY, LIBRARY_SECRET), "openid notes:read", API, nonce);
		OidcIdTokenDecoderFactory factory = new OidcIdTokenDecoderFactory();
		factory.setJwsAlgorithmResolver(registration -> SignatureAlgorithm.ES256);
		decoder = factory.createDecoder(ClientRegistrations.fromIssuerLocation(ISSUER).clientId("library").clientSecret(LIBRARY_SECRET.getValue()).build());
		expect(nonce.getValue().equals(decoder.decode(got.getIDTokenString()).getClaimAsString("nonce")), "nonce");
		return null;
	}

	/** its own exchange of a code, with PKCE, and its own refresh */
	static Void springTokens() throws Exception {
		ClientRegistration registration = ClientRegistrations.fromIssuerLocation(ISSUER).clientId("library").clientSecret(LIBRARY_SECRET.getValue())
			.redirectUri(REDIRECT.toString()).scope("openid", "offline_access", "notes:read").build();
		OAuth2AuthorizationRequest.Builder asking = OAuth2AuthorizationRequest.authorizationCode().clientId("library")
			.authorizationUri(registration.getProviderDetails().getAuthorizationUri()).redirectUri(REDIRECT.toString()).scopes(registration.getScopes()).state("state");
		OAuth2AuthorizationRequestCustomizers.withPkce().accept(asking);
		OAuth2AuthorizationRequest asked = asking.build();
		AuthorizationCode code = AuthenticationResponseParser.parse(approve(URI.create(asked.getAuthorizationRequestUri()))).toSuccessResponse().getAuthorizationCode();
		OAuth2AuthorizationResponse answered = OAuth2AuthorizationResponse.success(code.getValue()).redirectUri(REDIRECT.toString()).state("state").build();
		OAuth2AccessTokenResponse got = new RestClientAuthorizationCodeTokenResponseClient().getTokenResponse(
			new OAuth2AuthorizationCodeGrantRequest(registration, new OAuth2AuthorizationExchange(asked, answered)));
		OAuth2AccessTokenResponse next = new RestClientRefreshTokenTokenResponseClient().getTokenResponse(
			new OAuth2RefreshTokenGrantRequest(registration, got.getAccessToken(), got.getRefreshToken()));
		expect(!next.getRefreshToken().getTokenValue().equals(got.getRefreshToken().getTokenValue()), "rotated");
		return null;
	}

	static JwtDecoder withAudience(NimbusJwtDecoder decoder, String audience) {
		decoder.setJwtValidator(JwtValidators.createDefaultWithValidators(new JwtIssuerValidator(ISSUER), new JwtAudienceValidator(audience)));
		return decoder;
	}

	static boolean holds(JwtDecoder decoder, String token) {
		try {
			return "user-1".equals(decoder.decode(token).getSubject());
		} catch (JwtException refused) {
			return false;
		}
	}

	static Void springApi() throws Exception {
		String token = login(new ClientSecretBasic(SPRING, SPRING_SECRET), "openid beans", SPRING_API, new Nonce()).getAccessToken().getValue();
		String idToken = login(new ClientSecretBasic(SPRING, SPRING_SECRET), "openid beans", SPRING_API, new Nonce()).getIDTokenString();
		expect(holds(JwtDecoders.fromIssuerLocation(ISSUER), token), "the default decoder takes typ JWT");
		JwtDecoder decoder = withAudience(NimbusJwtDecoder.withIssuerLocation(ISSUER).build(), SPRING_API);
		expect(holds(decoder, token), "for this API");
		expect(!holds(decoder, idToken), "the ID token is not for it");
		return null;
	}

	static Void springApiAtJwt() throws Exception {
		String token = login(new ClientSecretBasic(LIBRARY, LIBRARY_SECRET), "openid notes:read", API, new Nonce()).getAccessToken().getValue();
		String idToken = login(new ClientSecretBasic(LIBRARY, LIBRARY_SECRET), "openid notes:read", API, new Nonce()).getIDTokenString();
		expect(!holds(JwtDecoders.fromIssuerLocation(ISSUER), token), "the default decoder refuses at+jwt");
		NimbusJwtDecoder decoder = NimbusJwtDecoder.withIssuerLocation(ISSUER).jwsAlgorithm(SignatureAlgorithm.ES256).validateType(false).build();
		decoder.setJwtValidator(JwtValidators.createAtJwtValidator().issuer(ISSUER).audience(API).clientId("library").build());
		expect(holds(decoder, token), "as docs/clients.md has it");
		expect(!holds(decoder, idToken), "the ID token is none");
		return null;
	}

	public static void main(String[] arguments) {
		Map<String, Callable<Void>> tests = new java.util.LinkedHashMap<>();
		tests.put("Nimbus: code with PKCE, ID token, refresh, by Basic and in the form", Interop::nimbus);
		tests.put("Spring Security: login with a client of RS256, and of ES256", Interop::springLogin);
		tests.put("Spring Security: code with PKCE, refresh", Interop::springTokens);
		tests.put("Spring Security: an API with tokens of typ JWT", Interop::springApi);
		tests.put("Spring Security: an API with tokens of typ at+jwt", Interop::springApiAtJwt);
		tests.forEach((name, test) -> {
			try {
				test.call();
				System.out.println("ok - " + name);
			} catch (Exception error) {
				System.out.println("not ok - " + name + "\n# " + String.valueOf(error).replaceAll("\\s+", " "));
			}
		});
		System.exit(0); // no thread of a library keeps it
	}
}
