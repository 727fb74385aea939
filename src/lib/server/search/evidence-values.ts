/**
 * Evidence about a passage, each a number that can be explained. BM25 values are shares of what the question's own terms could give at
 * most; "share" means weighted by inverse document frequency. Words related to the question count in both at their lower weight, so a
 * value can go a little beyond 1.
 */
export interface Evidence extends Record<string, number> {
	/** BM25F over all fields. */
	bm25: number;
	/** BM25 of one field alone. */
	title_bm25: number;
	heading_bm25: number;
	body_bm25: number;
	code_bm25: number;
	/** BM25F of the whole page; here and in the coverages of the page, words that pages are named by count for more. */
	document_bm25: number;
	/** Best BM25F of any passage of the page. */
	document_best_passage: number;
	/** Second best, 0 for a page of one passage: a page about the question holds more than one passage of it. */
	document_second_passage: number;
	/** Share of the question that title and headings of the page hold together. */
	document_heading_coverage: number;
	/** The same evidence about the page for the opening of the question alone: its first sentence, which mostly says what it is about. */
	opening_document_bm25: number;
	opening_best_passage: number;
	opening_heading_coverage: number;
	/** Share of the question that the passage holds, that its text does without title and headings, and that its headings do. */
	coverage: number;
	body_coverage: number;
	heading_coverage: number;
	/** BM25F for the opening of the question alone, and for the part of it that the passage answers best. */
	opening_bm25: number;
	part_best: number;
	/** Share of the question that the page holds. */
	document_coverage: number;
	/** Share of the title, or heading, that was asked for. */
	title_match: number;
	heading_match: number;
	/** Neighbouring terms of the question that stand close together, by 1 / distance. */
	proximity: number;
	/** Neighbouring terms of the question that stand side by side in the same order. */
	phrase: number;
	/** Share of the names in the question (dotted, snake_case, camelCase, options) that the passage holds whole. */
	identifier: number;
	/** Cosine of question and passage. */
	semantic: number;
	/** The best cosine of a candidate of the same page. */
	semantic_page: number;
	/** The better cosine of the passages before and after it. */
	semantic_neighbour: number;
	/** Mean BM25F of the passages before and after it, and the better of the two. */
	neighbours: number;
	neighbour_best: number;
	/** 1 for the first passage of a page, falling to 0. */
	position: number;
	/** Passages of the page, as log2 over 10: long reference pages hold any word. */
	page_size: number;
	/** 1 for a page that lists changes. */
	changelog: number;
	/** Length, as log2 of its terms over 10. */
	length: number;
	/** Share of the question that any passage at all holds; the same for all passages. */
	question_known: number;
	/** 1 when the question names the library. */
	library_named: number;
	/** Share of the passage's library among the best passages; 0 when one library is searched. */
	library_share: number;
	/** How likely the words of the question are in the library, 0 for the likeliest to -1; see library-evidence.ts. */
	library_likelihood: number;
}
