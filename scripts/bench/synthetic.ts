import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stopWords } from '#lib/server/search/stop-words.ts';
import type { BenchQuestion } from './measure.ts';
import { randomFrom, type Random } from './random.ts';

const SEED = 20_260_205;
const VOCABULARY = 40_000;
const SECTIONS_PER_PAGE = 12;
/** Paragraph characters of a section; with its code block it has about 1,000. */
const PROSE_CHARACTERS = 800;
/** Words and names that a page is about. */
const SUBJECT_WORDS = 30;
const QUESTIONS = 200;
/** Pages by library: a small, a middling and a large one, 33,000 sections together. */
const PAGES = { alpha: 150, beta: 900, gamma: 1700 };

export interface SyntheticCorpus {
	/** Folder of Markdown pages by library. */
	folders: Record<string, string>;
	questions: BenchQuestion[];
}

/**
 * Writes documentation that nobody wrote, the same every time: words by Zipf's law with English stop words as the most frequent,
 * pages that are about something, names as programs have them, headings and code. Questions are made from words of one section.
 */
export async function writeSyntheticCorpus(folder: string): Promise<SyntheticCorpus> {
	const random = randomFrom(SEED);
	const words = makeVocabulary(random);
	const word = zipf(words, random);
	const folders: Record<string, string> = {};
	const subjects: { library: string; subject: string[] }[] = [];
	for (const [library, pages] of Object.entries(PAGES)) {
		folders[library] = join(folder, library);
		await mkdir(folders[library], { recursive: true });
		for (let page = 0; page < pages; page += 1) {
			const subject = makeSubject(words, random);
			subjects.push({ library, subject });
			await writeFile(join(folders[library], `page-${page}.md`), makePage(subject, word, random));
		}
	}
	const questions = Array.from({ length: QUESTIONS }, () => {
		const { library, subject } = random.pick(subjects);
		return { library, question: makeQuestion(subject, word, random) };
	});
	return { folders, questions };
}

function makeVocabulary(random: Random): string[] {
	const made = new Set<string>(stopWords);
	while (made.size < VOCABULARY) {
		const syllables = 2 + random.below(3);
		let text = '';
		for (let at = 0; at < syllables; at += 1) {
			text += random.pick([...'bcdfghjklmnprstvwz']) + random.pick([...'aeiou']);
		}
		made.add(text + random.pick(['', 'n', 'r', 's', 'ing', 'ed', 'tion']));
	}
	return [...made];
}

/** Draws words so that the one of rank r comes with a frequency of about 1 / r. */
function zipf(words: readonly string[], random: Random): () => string {
	const sums = new Float64Array(words.length);
	let sum = 0;
	for (let rank = 0; rank < words.length; rank += 1) sums[rank] = sum += 1 / (rank + 3);
	return () => {
		const drawn = random.next() * sum;
		let low = 0;
		let high = sums.length - 1;
		while (low < high) {
			const middle = (low + high) >> 1;
			if (sums[middle]! < drawn) low = middle + 1;
			else high = middle;
		}
		return words[low]!;
	};
}

/** Words and names of a page, none of them a stop word. */
function makeSubject(words: readonly string[], random: Random): string[] {
	const plain = () =>
		words[stopWords.size + Math.floor(random.next() ** 2 * (words.length - stopWords.size))]!;
	return Array.from({ length: SUBJECT_WORDS }, () => {
		const [first, second] = [plain(), plain()];
		switch (random.below(8)) {
			case 0:
				return `${first}_${second}`;
			case 1:
				return capital(first) + capital(second);
			case 2:
				return `${first}.${second}`;
			case 3:
				return `--${first}-${second}`;
			default:
				return first;
		}
	});
}

function makePage(subject: readonly string[], word: () => string, random: Random): string {
	const name = () => random.pick(subject);
	const sections = Array.from({ length: SECTIONS_PER_PAGE }, () => {
		const heading = capital([name(), word(), name()].join(' '));
		return `## ${heading}\n\n${prose(name, word, random)}\n\n\`\`\`python\n${code(name, random)}\n\`\`\`\n`;
	});
	return `# ${capital(`${name()} ${name()}`)}\n\n${sections.join('\n')}`;
}

function prose(name: () => string, word: () => string, random: Random): string {
	let text = '';
	while (text.length < PROSE_CHARACTERS) {
		const length = 8 + random.below(12);
		const sentence = Array.from({ length }, () => (random.below(6) === 0 ? name() : word()));
		text += `${capital(sentence.join(' '))}.${random.below(5) === 0 ? '\n\n' : ' '}`;
	}
	return text.trim();
}

function code(name: () => string, random: Random): string {
	return Array.from({ length: 3 }, () => `${name()} = ${name()}(${name()}, ${random.below(100)})`).join('\n');
}

function makeQuestion(subject: readonly string[], word: () => string, random: Random): string {
	const length = 8 + random.below(24);
	const rest = Array.from({ length }, () => (random.below(5) === 0 ? random.pick(subject) : word()));
	return `How do I use ${random.pick(subject)} with ${random.pick(subject)}? ${capital(rest.join(' '))}.`;
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
