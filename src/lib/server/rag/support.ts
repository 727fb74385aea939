import { citationMarks } from '#lib/contract/citation.ts';
import type { Source } from '#lib/contract/chunk.ts';
import { plainSpaces, supportTerms, type SupportTerm } from '#lib/contract/support-words.ts';
import type { SupportLevel, SupportSpan } from '#lib/contract/trace.ts';
import { Breather } from '#lib/server/breather.ts';
import { questionLanguage } from '#lib/server/search/unheld-language.ts';
import { statementsOf, type Statement } from './statements.ts';

/** Characters of an answer that are judged; what goes on beyond has no spans. */
const MOST_JUDGED = 16_384;
/** What is longer is no sentence, in characters; a block of code may be. */
const LONGEST_SENTENCE = 2000;
/** Characters that tell a language. */
const SAMPLE = 2000;
/** From this score on a sentence is supported, and from this on weakly. */
const SUPPORTED = 0.62;
const WEAK = 0.35;
/** Words of the whole source count so much of those that stand together with the others. */
const ELSEWHERE = 0.45;
/** Something literal that stands apart from the other words counts so much. */
const LITERAL_ELSEWHERE = 0.6;
/** Something literal weighs so many words. */
const LITERAL_WEIGHT = 2;
/** A source that bears out nearly as much as the best does so, too. */
const NEARLY_BEST = 0.8;
/** Units (sentences, lines) of a source that a sentence may draw on together. */
const TOGETHER = 3;
/** Fewer words than these are quoted by chance. */
const LEAST_QUOTED = 3;

/** A source as sentences are compared with it. */
interface Evidence {
	n: number;
	/** Lower case, white space in one. */
	plain: string;
	/** Its sentences and lines in order, as they stand. */
	units: readonly string[];
	/** By key of a term: the places of those that hold it, ascending. */
	places: ReadonlyMap<string, readonly number[]>;
}

/** A statement with how far its sources bear it out, from 0 to 1. */
export interface JudgedStatement extends SupportSpan {
	score: number;
}

/**
 * How far the sources bear out each sentence of an answer, by words alone: rare words count more, and numbers, flags, versions, names and code must
 * occur literally, best together with the other words. A sentence is compared with the sources that it cites; one without a citation with those of
 * its paragraph or list item, else with all. It cannot tell a negation, or what only follows from what is said.
 *
 * Where answer and sources are in different languages only what is literal can be compared, and words alone are never held against a sentence.
 * A long answer is judged in slices, between which others get their turn.
 * @returns spans in order that do not overlap; headings and what states nothing have none.
 */
export async function judgeSupport(answer: string, sources: readonly Source[]): Promise<SupportSpan[]> {
	return (await judgeStatements(answer, sources)).map(({ start, end, level, sources }) => ({
		start,
		end,
		level,
		sources
	}));
}

/** The same with the scores that the levels are made of. */
export async function judgeStatements(
	answer: string,
	sources: readonly Source[]
): Promise<JudgedStatement[]> {
	if (sources.length === 0) return [];
	const breather = new Breather();
	const evidence: Evidence[] = [];
	for (const source of sources) {
		evidence.push(evidenceOf(source));
		await breather.breathe();
	}
	const sample = sources.map(({ text }) => text).join('\n');
	const isForeign = questionLanguage(answer.slice(0, SAMPLE)) !== questionLanguage(sample.slice(0, SAMPLE));
	const rarity = rarityIn(evidence);
	const judgements: JudgedStatement[] = [];
	for (const statement of statementsOf(answer.slice(0, MOST_JUDGED))) {
		if (!statement.isCode && statement.text.length > LONGEST_SENTENCE) continue;
		const given = statement.cited.filter((n) => evidence.some((each) => each.n === n));
		const compared = given.length > 0 ? evidence.filter(({ n }) => given.includes(n)) : evidence;
		const judged = judge(statement, compared, { rarity, isForeign });
		const { start, end } = statement;
		if (judged) judgements.push({ start, end, ...judged });
		await breather.breathe();
	}
	return judgements;
}

interface Judging {
	rarity: (key: string) => number;
	isForeign: boolean;
}

function judge(
	statement: Statement,
	compared: readonly Evidence[],
	judging: Judging
): Pick<JudgedStatement, 'level' | 'score' | 'sources'> | null {
	const terms = uniqueTerms(statement.text);
	if (terms.length === 0) return null;
	const numbers = compared.map(({ n }) => n);
	const plain = plainStatement(statement.text);
	const quoting = terms.length >= LEAST_QUOTED ? compared.filter((each) => each.plain.includes(plain)) : [];
	if (quoting.length > 0) return { level: 'quoted', score: 1, sources: quoting.map(({ n }) => n) };
	if (statement.isCode) return { ...judgeCode(statement.text, compared), sources: numbers };
	const literals = terms.filter(({ isLiteral }) => isLiteral);
	const missing = literals.filter(({ key }) => !compared.some((each) => holdsLiteral(each.plain, key)));
	if (judging.isForeign) {
		const share = literals.length === 0 ? 0.5 : 1 - missing.length / literals.length;
		const level =
			literals.length > 0 && share === 0 ? 'none' : share === 1 && literals.length > 1 ? 'supported' : 'weak';
		return { level, score: share, sources: numbers };
	}
	const bearings = compared.map((each) => bearingOf(terms, each, judging));
	const score = Math.max(...bearings.map((each) => each.score));
	const bearing = compared.filter((_, at) => bearings[at]!.score >= NEARLY_BEST * score);
	const isDoubtful = missing.length > 0 || bearings.every((each) => each.isNumberApart);
	return { level: levelOf(score, isDoubtful), score, sources: bearing.map(({ n }) => n) };
}

function levelOf(score: number, isDoubtful: boolean): SupportLevel {
	if (score >= SUPPORTED) return isDoubtful ? 'weak' : 'supported';
	return score >= WEAK ? 'weak' : 'none';
}

/** How far one source bears a sentence out. */
interface Bearing {
	score: number;
	/** Whether a number of the sentence does not stand together with its other words. */
	isNumberApart: boolean;
}

/** Share of the terms' weight that the best units of a source hold together; what it says elsewhere counts less. */
function bearingOf(terms: readonly SupportTerm[], source: Evidence, { rarity }: Judging): Bearing {
	/** By the unit that a window begins with: what stands together there counts beyond what stands elsewhere. */
	const together = new Float64Array(Math.max(1, source.units.length));
	let elsewhere = 0;
	let whole = 0;
	let isLiteralMissing = false;
	const numbers: (readonly number[])[] = [];
	for (const { key, isLiteral } of terms) {
		const weight = rarity(key) * (isLiteral ? LITERAL_WEIGHT : 1);
		whole += weight;
		const units = unitsWith(source, key, isLiteral);
		if (IS_NUMBER.test(key)) numbers.push(units);
		if (units.length === 0) {
			isLiteralMissing ||= isLiteral;
			continue;
		}
		const apart = isLiteral ? LITERAL_ELSEWHERE : ELSEWHERE;
		elsewhere += apart * weight;
		let next = 0;
		for (const unit of units) {
			for (let window = Math.max(next, unit - TOGETHER + 1); window <= unit; window += 1) {
				together[window]! += (1 - apart) * weight;
			}
			next = unit + 1;
		}
	}
	let best = 0;
	for (let window = 1; window < together.length; window += 1)
		if (together[window]! > together[best]!) best = window;
	const share = whole === 0 ? 0 : Math.min(1, (elsewhere + together[best]!) / whole);
	const isNumberApart = numbers.some(
		(units) => !units.some((unit) => unit >= best && unit < best + TOGETHER)
	);
	return { score: isLiteralMissing ? share * share : share, isNumberApart };
}

/** The units that hold a term, in order. */
function unitsWith(source: Evidence, key: string, isLiteral: boolean): readonly number[] {
	const known = source.places.get(key);
	if (known || !isLiteral || !holdsLiteral(source.plain, key)) return known ?? [];
	return source.units.flatMap((unit, at) => (holdsLiteral(plainUnit(unit), key) ? [at] : []));
}

/** Code by its lines: each must stand in a source. */
function judgeCode(code: string, compared: readonly Evidence[]): Pick<JudgedStatement, 'level' | 'score'> {
	const lines = code
		.split('\n')
		.map(plainSpaces)
		.filter((line) => /[\p{L}\p{N}]/u.test(line));
	const found = lines.filter((line) => compared.some(({ plain }) => plain.includes(line)));
	const terms = uniqueTerms(code);
	const known = terms.filter(({ key, isLiteral }) =>
		compared.some((each) => each.places.has(key) || (isLiteral && holdsLiteral(each.plain, key)))
	);
	if (lines.length === 0 || terms.length === 0) return { level: 'weak', score: 0.5 };
	if (found.length === lines.length) return { level: 'quoted', score: 1 };
	const score = (found.length / lines.length + known.length / terms.length) / 2;
	return { level: score >= SUPPORTED ? 'supported' : score >= WEAK ? 'weak' : 'none', score };
}

function evidenceOf({ n, title, heading_path, text }: Source): Evidence {
	const whole = [title, ...heading_path].join(' › ') + '\n' + text;
	const units = unitsOf(whole);
	const places = new Map<string, number[]>();
	units.forEach((unit, at) => {
		for (const key of supportTerms(unit).flatMap(keysOf)) {
			const known = places.get(key);
			if (!known) places.set(key, [at]);
			else if (known.at(-1) !== at) known.push(at);
		}
	});
	return {
		n,
		plain: plainUnit(whole),
		units,
		places
	};
}

/** Without what is markup in prose. */
function plainUnit(text: string): string {
	return plainSpaces(text.replace(/[`*]/g, ''));
}

/** A code span by itself and by what stands in it. */
function keysOf({ key, isLiteral }: SupportTerm): string[] {
	return isLiteral && /[^\p{L}\p{N}_.-]/u.test(key)
		? [key, ...supportTerms(key.replaceAll('`', '')).map((inner) => inner.key)]
		: [key];
}

/** Sentences and lines. */
function unitsOf(text: string): string[] {
	return text.split(/\n+|(?<=[.!?;:])\s+(?=\S)|(?<=[。！？])/u).filter((unit) => unit.trim() !== '');
}

/** How rare a term is among these sources: one that few of them hold tells more. */
function rarityIn(evidence: readonly Evidence[]): (key: string) => number {
	const known = new Map<string, number>();
	return (key) => {
		let weight = known.get(key);
		if (weight === undefined) {
			const holding = evidence.filter(({ places }) => places.has(key)).length;
			weight = 1 + Math.log((evidence.length + 1) / (holding + 1));
			known.set(key, weight);
		}
		return weight;
	};
}

function uniqueTerms(text: string): SupportTerm[] {
	return [...new Map(supportTerms(text).map((term) => [term.key, term])).values()];
}

/** Whether a text holds something literal that is not the part of something longer. */
function holdsLiteral(plain: string, key: string): boolean {
	for (let at = plain.indexOf(key); at >= 0; at = plain.indexOf(key, at + 1)) {
		if (!CONTINUES.test(plain[at - 1] ?? '') || !CONTINUED.test(key[0]!)) {
			const after = plain.slice(at + key.length, at + key.length + 2);
			if (!GOES_ON.test(after) || !CONTINUED.test(key.at(-1)!)) return true;
		}
	}
	return false;
}

/** A number, also with a unit or as a version. */
const IS_NUMBER = /^\p{N}[\p{N}.,:%]*$/u;
const CONTINUES = /[\p{L}\p{N}_]/u;
const CONTINUED = /[\p{L}\p{N}_]/u;
/** Letters or digits, or a number that goes on behind a dot. */
const GOES_ON = /^(?:[\p{L}\p{N}_]|[.,]\p{N})/u;

/** A statement as it would stand in a source: without citations and emphasis, and the stop at its end. */
function plainStatement(text: string): string {
	let plain = '';
	let from = 0;
	for (const { start, end } of citationMarks(text)) {
		plain += text.slice(from, start);
		from = end;
	}
	return plainSpaces((plain + text.slice(from)).replace(/[`*]/g, '').replace(/\s+(?=[.,;:!?])/g, '')).replace(
		/[\s.!?:;…。！？]+$/u,
		''
	);
}
