import { ExtractiveGenerator } from '#lib/server/model/extractive-generator.ts';
import { OpenAiGenerator } from '#lib/server/model/openai-generator.ts';
import { answer, startModelServer } from '../fixtures/model-server.ts';
import { describeGenerator } from './generator.ts';

describeGenerator('extractive', async () => ({
	generator: new ExtractiveGenerator(),
	async [Symbol.asyncDispose]() {}
}));

describeGenerator('OpenAI-compatible endpoint', async () => {
	const model = await startModelServer({ script: answer(['Stroke', ' it', ' gently', ' [1].']) });
	const generator = new OpenAiGenerator({
		baseUrl: model.url,
		model: 'test-model',
		firstTokenTimeoutMs: 30_000,
		idleTimeoutMs: 30_000,
		answerTimeoutMs: 60_000
	});
	return { generator, [Symbol.asyncDispose]: () => model.close() };
});
