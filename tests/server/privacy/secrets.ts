/** Made-up secrets of every kind, put together so that no scanner takes them for real ones. */
const join = (...parts: string[]) => parts.join('');

/** Text, and the part of it that must not be kept. */
export const SECRETS: readonly [kind: string, text: string, secret: string][] = [
	...[
		join('sk-', 'abcdefghijklmnopqrstuvwx'),
		join('sk-', 'proj-Ab12_Cd34-Ef56Gh78Ij90'),
		join('sk-', 'ant-api03-Zx9Yw8Vu7Ts6'),
		join('sk_', 'live_4eC39HqLyjWDarjtT1zdp7dc'),
		join('pk-', 'lf-1a2b3c4d-5e6f-7081'),
		join('ghp_', '16C7e42F292c6912E7710c838347Ae178B4a'),
		join('github_pat_', '11ABCDEFG0abcdefghijkl_MNOPQRST'),
		join('glpat-', 'abcDEF123456ghiJKL78'),
		join('AKIA', 'IOSFODNN7EXAMPLE'),
		join('xoxb-', '123456789012-abcdefABCDEF'),
		join('AIza', 'SyA1234567890abcdefghijklmnopqrstuv'),
		join('ya29.', 'a0AfH6SMBx1234567890'),
		join('hf_', 'abcdefghijKLMNOPqrst'),
		join('SG.', 'ngeVfQFYQlKU0ufo8x5d1A.', 'TwL2iGABf9DHoTf09kqeF8tAmbihYzrnopKc'),
		join('eyJ', 'hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N')
	].map((key): [string, string, string] => ['key', key, key]),
	['e-mail', 'jane.doe+docs@mail.example.co.uk', 'jane.doe+docs@mail.example.co.uk'],
	['e-mail', 'mailto:jörg@bücher.example', 'jörg@bücher.example'],
	['card number', '4111 1111 1111 1111', '4111 1111 1111 1111'],
	['card number', '4111-1111-1111-1111', '4111-1111-1111-1111'],
	['card number', '5555555555554444', '5555555555554444'],
	['card number', '3782 822463 10005', '3782 822463 10005'],
	['phone number', '+49 (30) 1234-5678', '(30) 1234-5678'],
	['phone number', '(555) 123-4567', '123-4567'],
	['token', 'Authorization: Bearer 7fa9c0d2e4b6', '7fa9c0d2e4b6'],
	['token', 'authorization: Basic dXNlcjpwYXNz', 'dXNlcjpwYXNz'],
	['secret', 'api_key = "Zx81ksj20dkqls93"', 'Zx81ksj20dkqls93'],
	['secret', 'AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfi', 'wJalrXUtnFEMI/K7MDENG/bPxRfi'],
	['secret', '"clientSecret": "q9W8e7R6t5Y4"', 'q9W8e7R6t5Y4'],
	['secret', '{\\"token\\": \\"a1b2c3d4e5f6\\"}', 'a1b2c3d4e5f6'],
	['secret', '**API key**: Ab3dEf6hIj9l', 'Ab3dEf6hIj9l'],
	['token', '123456789:AAE-abcdefghijklmnopqrstuvwxyz01234', 'AAE-abcdefghijklmnopqrstuvwxyz01234'],
	['secret', 'password: Tr0ub4dor&3', 'Tr0ub4dor&3'],
	['password', 'postgres://app:s3cr3t-pass@db.internal/app', 's3cr3t-pass'],
	['cookie', 'Cookie: theme=dark; session=8f14e45fceea', 'session=8f14e45fceea'],
	[
		'private key',
		'-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA7bq\nabc+/=\n-----END RSA PRIVATE KEY-----',
		'MIIEpAIBAAKCAQEA7bq\nabc+/='
	],
	[
		'private key',
		'-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC',
		'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC'
	]
];
