import { AppError } from '#lib/server/error.ts';
import { GIVEN_METRICS, METRICS, type GivenMetric, type Metric } from './metrics.ts';
import type { EvalQuestion } from './question.ts';
import type { EvaluationReport } from './report.ts';

/** A figure that must be reached. */
export interface Minimum {
	measure: Metric | GivenMetric;
	minimum: number;
}

/** A minimum with what was measured. */
export interface CheckedMinimum extends Minimum {
	value: number;
	passed: boolean;
}

const MEASURES: readonly string[] = [...GIVEN_METRICS, ...METRICS];

/**
 * Reads `measure=figure`.
 * @throws AppError `invalid_request` for an unknown measure, or a figure that is not 0 to 1.
 */
export function parseMinimum(text: string): Minimum {
	const [, measure, figure] = /^([a-z\d_]+)=(.+)$/.exec(text) ?? [];
	if (measure === undefined || !MEASURES.includes(measure)) {
		throw new AppError(
			'invalid_request',
			`--min takes NAME=FIGURE such as essential=0.8; the names are ${MEASURES.join(', ')}.`
		);
	}
	const minimum = Number(figure);
	if (!(minimum >= 0 && minimum <= 1)) {
		throw new AppError('invalid_request', `--min: ${measure} must be a figure from 0 to 1.`);
	}
	return { measure: measure as Metric | GivenMetric, minimum };
}

/**
 * Makes sure, before anything is measured, that minimums can be.
 * @throws AppError `invalid_request` for a measure of facts when no question that counts has essential ones.
 */
export function requireMeasurable(minimums: readonly Minimum[], questions: readonly EvalQuestion[]): void {
	const named = questions.filter(({ library }) => library !== undefined);
	const counted = named.length > 0 ? named : questions;
	if (counted.some(({ facts }) => facts.some(({ essential }) => essential))) return;
	const needsFacts = minimums.find(({ measure }) => measure === 'essential' || measure === 'all_essential');
	if (!needsFacts) return;
	throw new AppError('invalid_request', `--min ${needsFacts.measure}: no question has essential facts.`);
}

/** Sets figures at default settings against their minimums: those within the library when questions name one, else those over all. */
export function checkMinimums(report: EvaluationReport, minimums: readonly Minimum[]): CheckedMinimum[] {
	const { overall, given } = report.within_library ?? report.over_all_libraries;
	const figures = { ...overall, ...given.overall.default.citelight };
	return minimums.map(({ measure, minimum }) => {
		// Never null for minimums that are measurable.
		const value = figures[measure] ?? 0;
		return { measure, minimum, value, passed: value >= minimum };
	});
}
