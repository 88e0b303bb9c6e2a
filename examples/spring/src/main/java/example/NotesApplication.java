package example;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.security.oauth2.server.resource.autoconfigure.OAuth2ResourceServerProperties;
import org.springframework.boot.security.oauth2.server.resource.autoconfigure.OAuth2ResourceServerProperties.Opaquetoken;
import org.springframework.context.annotation.Bean;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatus;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.http.SessionCreationPolicy;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.security.oauth2.core.OAuth2AuthenticatedPrincipal;
import org.springframework.security.oauth2.server.resource.introspection.*;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.web.bind.annotation.*;

/** An API whose tokens pgtoken issues: see README.md. */
@SpringBootApplication
@RestController
@RequestMapping("/api/notes")
public class NotesApplication {
	record Note(String text) {}

	// by the user's id: an application has a table
	private final Map<String, List<String>> notes = new ConcurrentHashMap<>();

	public static void main(String[] arguments) {
		SpringApplication.run(NotesApplication.class, arguments);
	}

	@Bean
	SecurityFilterChain security(HttpSecurity http) throws Exception {
		return http
			.authorizeHttpRequests(requests -> requests
				.requestMatchers(HttpMethod.GET, "/api/notes").hasAuthority("SCOPE_notes:read")
				.requestMatchers(HttpMethod.POST, "/api/notes").hasAuthority("SCOPE_notes:write")
				.anyRequest().denyAll())
			.oauth2ResourceServer(server -> server.opaqueToken(Customizer.withDefaults()))
			// tokens, and neither sessions nor cookies, so that there is no request to forge
			.sessionManagement(sessions -> sessions.sessionCreationPolicy(SessionCreationPolicy.STATELESS))
			.csrf(csrf -> csrf.disable())
			.build();
	}

	/** what the issuer says; a token that is bound to a key is worth nothing without a proof, which is not looked at here */
	@Bean
	OpaqueTokenIntrospector introspector(OAuth2ResourceServerProperties properties) {
		Opaquetoken settings = properties.getOpaquetoken();
		OpaqueTokenIntrospector issuer = SpringOpaqueTokenIntrospector.withIntrospectionUri(settings.getIntrospectionUri())
			.clientId(settings.getClientId()).clientSecret(settings.getClientSecret()).build();
		return token -> {
			OAuth2AuthenticatedPrincipal user = issuer.introspect(token);
			if (!"Bearer".equals(user.getAttribute("token_type"))) throw new BadOpaqueTokenException("a token of another kind");
			return user;
		};
	}

	private List<String> of(OAuth2AuthenticatedPrincipal user) {
		return notes.computeIfAbsent(user.getAttribute("sub"), subject -> new CopyOnWriteArrayList<>(List.of("the first note of " + subject)));
	}

	@GetMapping
	List<String> read(@AuthenticationPrincipal OAuth2AuthenticatedPrincipal user) {
		return of(user);
	}

	@PostMapping
	@ResponseStatus(HttpStatus.CREATED)
	void write(@AuthenticationPrincipal OAuth2AuthenticatedPrincipal user, @RequestBody Note note) {
		of(user).add(note.text());
	}
}
