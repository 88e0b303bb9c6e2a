import { useEffect, useState } from 'preact/hooks';

import { currentQuestion, currentState, isWaiting, watch } from './session';

/** the session's state, and what the person is asked */
export function useSession() {
	const [, again] = useState(0);
	useEffect(() => watch(() => again((n) => n + 1)), []);
	return { state: currentState(), question: currentQuestion(), waiting: isWaiting() };
}

export function useOnline(): boolean {
	const [online, setOnline] = useState(navigator.onLine);
	useEffect(() => {
		const change = () => setOnline(navigator.onLine);
		window.addEventListener('online', change);
		window.addEventListener('offline', change);
		return () => {
			window.removeEventListener('online', change);
			window.removeEventListener('offline', change);
		};
	}, []);
	return online;
}
