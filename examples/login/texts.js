// What the pages of a login say, in the languages that there are.
const TEXTS = {
	en: {
		logIn: 'Log in', toContinue: 'to continue to', wrongPassword: 'The name or the password is not right.',
		name: 'Name', password: 'Password', keep: 'Keep me signed in', cancel: 'Cancel', signUp: 'Create an account', haveAccount: 'I have an account',
		fullName: 'Your name', email: 'Email address', nameTaken: 'This name is taken.', incomplete: 'Please fill in everything.',
		secondFactor: 'One more step', codeSent: 'We have sent a code to your', mailbox: 'mailbox', code: 'Code', goOn: 'Continue',
		wrongCode: 'The code is not right. There is a new one.', without: 'Go on without it',
		tooLate: 'Too late', gone: 'This login has expired or is already done. Please go back to where you came from and try again.',
		tooMany: 'Too many sessions', whereSignedIn: 'Where you are signed in', signOutOne: 'You are signed in in as many places as you may be. Please sign out of one of them, then go back and try again.',
		allowAccess: 'Allow access?', wouldLike: 'would like to:', wouldKnow: 'and to know:', at: 'at', allow: 'Allow', deny: 'Deny',
		before: 'It may already:', holds: 'This holds for', holdsOn: 'This holds until you take it back.',
		connectDevice: 'Connect this device?', deviceShows: 'A device shows the code', deviceRuns: 'It runs', deviceWants: 'and would like to:',
		deviceBefore: 'Allow this only if you have the device before you.',
		typeDevice: 'Connect a device', typeCode: 'The code that the device shows', typeHint: 'Capitals, spaces and dashes do not matter.',
		invalid_user_code: 'This code is not known, or has expired.', too_many_attempts: 'Too many wrong codes. Please wait a while.',
		session_limit: 'You are signed in in as many places as you may be. Please sign out of one of them first.',
		connected: 'Connected', refused: 'Refused', backToDevice: 'You can go back to your device.',
		logOutTitle: 'Log out?', logOut: 'Log out', stay: 'Stay', logOutAsks: 'asks whether you,', logOutAsked: ', want to log out here and everywhere you came to from here.',
		logOutYou: 'Do you,', logOutWanted: ', want to log out here and everywhere you came to from here?',
		loggedOut: 'Logged out', areLoggedOut: 'You are logged out.', takenBack: 'You are being taken back.',
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
		tooLate: 'Zu spät', gone: 'Diese Anmeldung ist abgelaufen oder schon erledigt. Bitte gehen Sie dorthin zurück, woher Sie kamen, und versuchen Sie es noch einmal.',
		tooMany: 'Zu viele Sitzungen', whereSignedIn: 'Wo Sie angemeldet sind', signOutOne: 'Sie sind an so vielen Stellen angemeldet, wie Sie dürfen. Bitte melden Sie sich an einer davon ab, gehen Sie dann zurück und versuchen Sie es noch einmal.',
		allowAccess: 'Zugriff erlauben?', wouldLike: 'möchte:', wouldKnow: 'und erfahren:', at: 'bei', allow: 'Erlauben', deny: 'Ablehnen',
		before: 'Das darf sie schon:', holds: 'Das gilt für', holdsOn: 'Das gilt, bis Sie es zurücknehmen.',
		connectDevice: 'Dieses Gerät verbinden?', deviceShows: 'Ein Gerät zeigt den Code', deviceRuns: 'Auf ihm läuft', deviceWants: 'und möchte:',
		deviceBefore: 'Erlauben Sie es nur, wenn Sie das Gerät vor sich haben.',
		typeDevice: 'Ein Gerät verbinden', typeCode: 'Der Code, den das Gerät zeigt', typeHint: 'Groß oder klein, mit Strich oder ohne: das ist gleich.',
		invalid_user_code: 'Dieser Code ist unbekannt oder abgelaufen.', too_many_attempts: 'Zu viele falsche Codes. Bitte warten Sie eine Weile.',
		session_limit: 'Sie sind an so vielen Stellen angemeldet, wie Sie dürfen. Bitte melden Sie sich zuerst an einer davon ab.',
		connected: 'Verbunden', refused: 'Abgelehnt', backToDevice: 'Sie können zu Ihrem Gerät zurückkehren.',
		logOutTitle: 'Abmelden?', logOut: 'Abmelden', stay: 'Bleiben', logOutAsks: 'fragt, ob Sie,', logOutAsked: ', sich hier abmelden wollen und überall, wohin Sie von hier gekommen sind.',
		logOutYou: 'Wollen Sie,', logOutWanted: ', sich hier abmelden und überall, wohin Sie von hier gekommen sind?',
		loggedOut: 'Abgemeldet', areLoggedOut: 'Sie sind abgemeldet.', takenBack: 'Sie werden zurückgebracht.',
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
