// Light or dark as the system is, unless the reader has chosen.
export type Theme = 'system' | 'light' | 'dark';

const KEY = 'pgtoken-console theme';

export function currentTheme(): Theme {
	try {
		const kept = localStorage.getItem(KEY);
		return kept === 'light' || kept === 'dark' ? kept : 'system';
	} catch {
		return 'system';
	}
}

function show(theme: Theme): void {
	if (theme === 'system') document.documentElement.removeAttribute('data-theme');
	else document.documentElement.setAttribute('data-theme', theme);
}

export function setTheme(theme: Theme): void {
	try {
		if (theme === 'system') localStorage.removeItem(KEY);
		else localStorage.setItem(KEY, theme);
	} catch {
		// for as long as the page is open
	}
	show(theme);
	window.dispatchEvent(new Event('themechange'));
}

show(currentTheme());
