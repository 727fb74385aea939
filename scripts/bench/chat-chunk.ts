/** A chunk of a streamed chat completion as it goes over the wire. */
export function chatChunk(delta: object, finish_reason: string | null = null): string {
	const choices = [{ index: 0, delta, finish_reason }];
	const value = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'scripted', choices };
	return `data: ${JSON.stringify(value)}\n\n`;
}
