export { formatDuration } from './duration.ts';
export {
	ABSENT,
	formatCompact,
	formatCost,
	formatCount,
	formatPlural,
	formatScore,
	formatShare
} from './number.ts';
export { formatFullMoment, formatMoment, formatTick } from './time.ts';
