import { expect, it } from 'vitest';
import { measureKills } from '../../scripts/bench/kill.ts';
import { tempFolder } from '../fixtures/temp-folder.ts';

it('kill -9 in the middle of 50 answers loses no run, no source, and at most the last second of text', async () => {
	await using folder = await tempFolder({
		'orchard/planting.md':
			'# Planting\n\nPlant apple trees four metres apart, in autumn, in loamy soil. Water every apple tree for two weeks.\n'
	});
	const figures = await measureKills(
		`${folder.path}/data`,
		`${folder.path}/orchard`,
		'How far apart do I plant apple trees?',
		3
	);
	expect(figures).toMatchObject({
		accepted: 150,
		missing: 0,
		wrong_status: 0,
		without_sources: 0,
		damaged_text: 0,
		integrity_failures: 0
	});
}, 120_000);
