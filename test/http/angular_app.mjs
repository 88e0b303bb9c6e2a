// The application that browser_clients.test.mjs has Angular's client library run
// in, bundled for the browser: no components, the library alone.
import '@angular/compiler';
import { provideHttpClient } from '@angular/common/http';
import { provideZonelessChangeDetection } from '@angular/core';
import { createApplication } from '@angular/platform-browser';
import { provideRouter } from '@angular/router';
import { OidcSecurityService, provideAuth } from 'angular-auth-oidc-client';
import { firstValueFrom } from 'rxjs';

/** the library's service, its observables as promises of their first value */
globalThis.startAngular = async (config) => {
	const { injector } = await createApplication({
		providers: [provideZonelessChangeDetection(), provideHttpClient(), provideRouter([]), provideAuth({ config })],
	});
	const service = injector.get(OidcSecurityService);
	const first = (name) => (...values) => firstValueFrom(service[name](...values));
	return { authorize: () => service.authorize(), checkAuth: first('checkAuth'), idToken: first('getPayloadFromIdToken'),
		accessToken: first('getPayloadFromAccessToken'), refreshToken: first('getRefreshToken'), refresh: first('forceRefreshSession') };
};
