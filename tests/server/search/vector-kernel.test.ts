import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { KERNEL_BYTES } from '#lib/server/search/vector-kernel-bytes.ts';
import { VectorKernel } from '#lib/server/search/vector-kernel.ts';
import { randomFrom } from '../../../scripts/bench/random.ts';
import { assembleKernel } from '../../../scripts/vector-kernel.ts';
import { searchVectors } from '../../fixtures/vector-guest.ts';

const root = join(import.meta.dirname, '../../..');
const guest = join(root, 'tests/fixtures/vector-guest.ts');
const run = promisify(execFile);

describe('the kernel of vector search', () => {
	it('is what its source says', async () => {
		expect(KERNEL_BYTES).toBe(await assembleKernel());
	});

	it('leaves few passages to be scored in full', () => {
		const random = randomFrom(1);
		const unit = () => {
			const vector = Float32Array.from({ length: 100 }, () => random.normal());
			const length = Math.hypot(...vector);
			return vector.map((value) => value / length);
		};
		const kernel = VectorKernel.create(100)!;
		for (let number = 0; number < 4000; number += 1) kernel.set(number, 0, unit());
		const scan = { vector: unit(), library: null, from: 0, to: 4000 };
		expect(kernel.candidates([scan], 20).length).toBeLessThan(60);
	});

	it('runs in a worker as here', async () => {
		const worker = new Worker(guest, { execArgv: [] });
		const [found] = await once(worker, 'message');
		await worker.terminate();
		expect(found).toEqual({ ...searchVectors(), kernel: true });
	});

	it('runs under Deno as here', async () => {
		const deno = join(root, 'node_modules/.bin/deno');
		const { stdout } = await run(deno, ['run', '--no-prompt', '--allow-read=.', guest], { cwd: root });
		expect(JSON.parse(stdout)).toEqual({ ...searchVectors(), kernel: true });
	});
});
