import type { Chunk } from '#lib/contract/chunk.ts';
import { headingOf } from '#lib/server/model/extractive-generator.ts';
import { questionLanguage, type QuestionLanguage } from '#lib/server/search/unheld-language.ts';
import type { RankedPassage } from './rerank.ts';

interface Wording {
	/** That there is no answer. */
	lead: string;
	/** In front of the headings. */
	nearest: string;
}

const ENGLISH: Wording = {
	lead: 'The documentation does not cover this question, so no answer was written.',
	nearest: 'The nearest sections are:'
};

const WORDINGS: Partial<Record<QuestionLanguage, Wording>> = {
	german: {
		lead: 'Die Dokumentation behandelt diese Frage nicht, deshalb wurde keine Antwort geschrieben.',
		nearest: 'Die nächstliegenden Abschnitte sind:'
	},
	french: {
		lead: "La documentation ne traite pas cette question, c'est pourquoi aucune réponse n'a été rédigée.",
		nearest: 'Les sections les plus proches sont :'
	},
	spanish: {
		lead: 'La documentación no trata esta pregunta, por eso no se ha escrito ninguna respuesta.',
		nearest: 'Las secciones más cercanas son:'
	},
	portuguese: {
		lead: 'A documentação não aborda esta pergunta, por isso nenhuma resposta foi escrita.',
		nearest: 'As seções mais próximas são:'
	},
	italian: {
		lead: 'La documentazione non tratta questa domanda, perciò non è stata scritta alcuna risposta.',
		nearest: 'Le sezioni più vicine sono:'
	},
	dutch: {
		lead: 'De documentatie behandelt deze vraag niet, daarom is er geen antwoord geschreven.',
		nearest: 'De meest verwante secties zijn:'
	},
	russian: {
		lead: 'В документации нет ответа на этот вопрос, поэтому ответ не был написан.',
		nearest: 'Ближайшие разделы:'
	},
	chinese: { lead: '文档没有涉及这个问题，因此没有写出回答。', nearest: '最接近的章节：' },
	japanese: {
		lead: 'ドキュメントはこの質問を扱っていないため、回答は作成されませんでした。',
		nearest: '最も近いセクション：'
	},
	korean: {
		lead: '문서에서 이 질문을 다루지 않으므로 답변을 작성하지 않았습니다.',
		nearest: '가장 가까운 섹션:'
	}
};

/** Headings that are named. */
const NEAREST = 3;

/** What a reader gets instead of an answer, as Markdown in the language of the question: says so, and links to the nearest headings. */
export function refusalText(question: string, passages: readonly RankedPassage[]): string {
	const { lead, nearest } = WORDINGS[questionLanguage(question)] ?? ENGLISH;
	const headings = new Set<string>();
	for (const { chunk } of passages) {
		headings.add(`- ${linkTo(chunk)} (${chunk.library})`);
		if (headings.size === NEAREST) break;
	}
	return headings.size === 0 ? lead : `${lead}\n\n${nearest}\n\n${[...headings].join('\n')}`;
}

/** The heading, as a link where the page has an address on the web. */
function linkTo(chunk: Chunk): string {
	const heading = headingOf(chunk);
	if (!chunk.url || !/^https?:\/\//i.test(chunk.url) || !URL.canParse(chunk.url)) return heading;
	const { href } = new URL(chunk.anchor ? `#${chunk.anchor}` : '', chunk.url);
	return `[${heading.replace(/(?<!\\)[[\]]/g, '\\$&')}](<${href.replaceAll('>', '%3E')}>)`;
}
