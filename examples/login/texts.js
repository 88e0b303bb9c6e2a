// What the pages of a login say, in the languages that there are.
const TEXTS = {
	en: {
		logIn: 'Log in', toContinue: 'to continue to', wrongPassword: 'The name or the password is not right.',
		name: 'Name', password: 'Password', keep: 'Keep me signed in', cancel: 'Cancel', signUp: 'Create an account', haveAccount: 'I have an account',
		fullName: 'Your name', email: 'Email address', nameTaken: 'This name is taken.', incomplete: 'Please fill in everything.',
		secondFactor: 'One more step', codeSent: 'We have sent a code to your', mailbox: 'mailbox', code: 'Code', goOn: 'Continue',
		wrongCode: 'The code is not right. There is a new one.', without: 'Go on without it',
		allowAccess: 'Allow access?', wouldLike: 'would like to:', wouldKnow: 'and to know:', at: 'at', allow: 'Allow', deny: 'Deny',
		before: 'It may already:', holds: 'This holds for', holdsOn: 'This holds until you take it back.',
		connectDevice: 'Connect this device?', deviceShows: 'A device shows the code', deviceRuns: 'It runs', deviceWants: 'and would like to:',
		deviceBefore: 'Allow this only if you have the device before you.',
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
		before: 'Das darf sie schon:', holds: 'Das gilt für', holdsOn: 'Das gilt, bis Sie es zurücknehmen.',
		connectDevice: 'Dieses Gerät verbinden?', deviceShows: 'Ein Gerät zeigt den Code', deviceRuns: 'Auf ihm läuft', deviceWants: 'und möchte:',
		deviceBefore: 'Erlauben Sie es nur, wenn Sie das Gerät vor sich haben.',
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

/** the languages of a browser, as ui_locales has them; of what it accepts less gladly the later */
export function localesOf(acceptLanguage = '') {
	return acceptLanguage.split(',').slice(0, 20).map((range) => range.split(';').map((part) => part.trim()))
		.map(([tag, q = 'q=1']) => ({ tag, q: Number(q.replace(/^q=/, '')) }))
		.filter(({ tag, q }) => /^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*$/.test(tag) && q > 0)
		.sort((one, other) => other.q - one.q)
		.map(({ tag }) => tag).join(' ');
}

/** a number of seconds in words, in days, hours or minutes */
export function spanOf(seconds, language) {
	const [unit, length] = [['day', 86400], ['hour', 3600], ['minute', 60]].find(([, of]) => seconds >= of) ?? ['second', 1];
	return new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' }).format(Math.floor(seconds / length));
}
