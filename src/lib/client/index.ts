export { createCitelightClient, type CitelightClient } from './client.ts';
export type { AskOptions, AskRun } from './ask-run.ts';
export type { ConnectionOptions, EventSourceConstructor } from './connection.ts';
export { CitelightError, type CitelightErrorCode } from './error.ts';
export type { AppRouter } from '#lib/server/trpc/router.ts';
export type { AskError, AskEvent, AskInput, AskResponse, Done } from '#lib/contract/ask.ts';
export type { Chunk, Source } from '#lib/contract/chunk.ts';
export type { ErrorCode, Problem } from '#lib/contract/error-code.ts';
export type { Library } from '#lib/contract/library.ts';
export type { SearchInput, SearchResponse, SearchResult } from '#lib/contract/search.ts';
export type { SeriesPoint, Stats, StatsInput, StatsWindow } from '#lib/contract/stats.ts';
export type {
	Candidate,
	DroppedAt,
	FeedbackInput,
	PromptMessage,
	Ranked,
	RouteName,
	Step,
	StepName,
	Trace,
	TraceListInput,
	TraceStatus,
	TraceSummary,
	Usage
} from '#lib/contract/trace.ts';
