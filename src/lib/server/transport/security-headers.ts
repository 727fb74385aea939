/** For what is not a page of ours: were it ever shown as one, it could load and do nothing. */
const NO_CONTENT_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

const EVERYWHERE = {
	'x-content-type-options': 'nosniff',
	'x-frame-options': 'DENY',
	'referrer-policy': 'same-origin',
	'permissions-policy':
		'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()',
	'cross-origin-opener-policy': 'same-origin',
	'cross-origin-resource-policy': 'same-origin'
};

/** The headers that tell browsers what an answer must not be used for; pages bring a content policy of their own. */
export function setSecurityHeaders(headers: Headers): void {
	for (const [name, value] of Object.entries(EVERYWHERE)) headers.set(name, value);
	if (!headers.has('content-security-policy')) headers.set('content-security-policy', NO_CONTENT_POLICY);
}
