// The context of a request whose sender is a browser: what it says of itself, and what the server has seen.

// what browser.js collects; whatever else comes is nobody's word and stays out
const MEMBERS = {
	session_id: 256, device_id: 256, time_zone: 64, languages: 16, collected_at: 0, client_hints: 16,
};

const short = (value, length) => typeof value === 'string' && value !== '' && value.length <= length;

function clean(name, value) {
	switch (name) {
		case 'languages': return Array.isArray(value) ? value.filter((tag) => short(tag, 35)).slice(0, MEMBERS.languages) : undefined;
		case 'collected_at': return Number.isInteger(value) && value > 0 && value < 253402300800 ? value : undefined;
		case 'client_hints': {
			if (typeof value !== 'object' || value === null) return undefined;
			const { platform, mobile, brands } = value;
			return { ...(short(platform, 64) && { platform }), ...(typeof mobile === 'boolean' && { mobile }),
				...(Array.isArray(brands) && { brands: brands.filter((brand) => short(brand, 64)).slice(0, MEMBERS.client_hints) }) };
		}
		default: return short(value, MEMBERS[name]) ? value : undefined;
	}
}

/**
 * @param collected what the browser has sent, believed in nothing: members that are unknown or malformed are left out, so
 *        that it can say neither where it is nor how risky
 * @param seen ip, user_agent and what else the server knows itself; goes before
 */
export function contextFromBrowser(collected, seen = {}) {
	const said = typeof collected === 'object' && collected !== null ? collected : {};
	const members = Object.keys(MEMBERS).map((name) => [name, clean(name, said[name])]).filter(([, value]) => value !== undefined);
	return { ...Object.fromEntries(members), ...Object.fromEntries(Object.entries(seen).filter(([, value]) => value !== undefined)) };
}
