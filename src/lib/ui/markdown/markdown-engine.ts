/** All that rendering Markdown needs, in one piece: pages fetch it by `load-markdown.ts` when there is something to render. */
export { languagesToLoad, loadLanguage } from './code-languages.ts';
export { GrowingMarkdown, type Block } from './growing-markdown.ts';
