// What the pages of a login say, in the languages that there are.
const TEXTS = {
	en: {
		logIn: 'Log in', toContinue: 'to continue to', wrongPassword: 'The name or the password is not right.',
		name: 'Name', password: 'Password', keep: 'Keep me signed in', cancel: 'Cancel', signUp: 'Create an account', haveAccount: 'I have an account',
		fullName: 'Your name', email: 'Email address', nameTaken: 'This name is taken.', incomplete: 'Please fill in everything.',
		secondFactor: 'One more step', codeSent: 'We have sent a code to your', mailbox: 'mailbox', code: 'Code', goOn: 'Continue',
		wrongCode: 'The code is not right. There is a new one.', without: 'Go on without it',
		allowAccess: 'Allow access?', wouldLike: 'would like to:', wouldKnow: 'and to know:', at: 'at', allow: 'Allow', deny: 'Deny',
		scopes: { 'pgtoken:sessions': 'see where you are signed in, with which applications, from which devices and addresses, and sign you out there' },
		site: 'Its pages', policy: 'What it does with your data', terms: 'Its terms',
		stranger: 'Nobody here has looked at this application.', strangerHost: 'What you read of it is what it says of itself at',
		strangerLeadsTo: 'It takes you to',
		strangerDevice: 'What you allow goes to a program on the device before you. Allow it only if you have just started that program yourself.',
	},
	de: {
		logIn: 'Anmelden', toContinue: 'weiter zu', wrongPassword: 'Der Name oder das Passwort stimmt nicht.',
		name: 'Name', password: 'Passwort', keep: 'Angemeldet bleiben', cancel: 'Abbrechen', signUp: 'Konto anlegen', haveAccount: 'Ich habe ein Konto',
		fullName: 'Ihr Name', email: 'E-Mail-Adresse', nameTaken: 'Dieser Name ist vergeben.', incomplete: 'Bitte alles ausfüllen.',
		secondFactor: 'Noch ein Schritt', codeSent: 'Ein Code liegt in Ihrem', mailbox: 'Postfach', code: 'Code', goOn: 'Weiter',
		wrongCode: 'Der Code stimmt nicht. Es gibt einen neuen.', without: 'Ohne weiter',
		allowAccess: 'Zugriff erlauben?', wouldLike: 'möchte:', wouldKnow: 'und erfahren:', at: 'bei', allow: 'Erlauben', deny: 'Ablehnen',
		scopes: { 'pgtoken:sessions': 'sehen, wo Sie angemeldet sind, bei welchen Anwendungen, mit welchen Geräten und von welchen Adressen, und Sie dort abmelden' },
		site: 'Ihre Seiten', policy: 'Was sie mit Ihren Daten tut', terms: 'Ihre Bedingungen',
		stranger: 'Diese Anwendung hat hier niemand geprüft.', strangerHost: 'Was Sie von ihr lesen, sagt sie von sich selbst unter',
		strangerLeadsTo: 'Sie führt Sie zu',
		strangerDevice: 'Was Sie erlauben, bekommt ein Programm auf dem Gerät vor Ihnen. Erlauben Sie es nur, wenn Sie dieses Programm gerade selbst gestartet haben.',
	},
};

/**
 * The first language that the user prefers and we have (OpenID Connect Core, section 3.1.2.1).
 * @param locales language tags, separated by spaces
 */
export function textsOf(locales) {
	const language = (locales ?? '').split(' ').map((tag) => tag.split('-')[0].toLowerCase()).find((tag) => Object.hasOwn(TEXTS, tag)) ?? 'en';
	return { language, ...TEXTS[language] };
}
