// A QR code as a picture within the page: what it says, a secret, gets no address
// of its own that a history or a log could keep.
import { encode } from 'uqr';

import { html } from './html.js';

const QUIET = 4; // modules around it, which cameras want (ISO/IEC 18004)

/** @param label what it is, for who does not see it */
export function qrCode(text, label) {
	const { data, size } = encode(text, { ecc: 'M', border: QUIET });
	const dark = data.flatMap((row, y) => row.map((on, x) => (on ? `M${x} ${y}h1v1h-1z` : ''))).join('');
	return html`<svg class="qr" role="img" aria-label="${label}" viewBox="0 0 ${size} ${size}" shape-rendering="crispEdges"><path d="${dark}" fill="#000"/></svg>`;
}
