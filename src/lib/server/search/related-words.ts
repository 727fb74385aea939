import { analyze } from './analyze.ts';

/**
 * Words of software that stand for one another: a line each, general English of the trade, nothing of any documentation. A question in one
 * of them also looks for the others, at a fraction of the weight.
 */
const groups = `
	abort cancel interrupt
	access permission authorization role scope
	add append insert
	address url
	app application
	argument parameter param arg
	async asynchronous asyncio
	attribute attr
	auth authentication authorization authenticate authorize login
	autocomplete completion
	batch bulk
	boolean bool
	cache memoize
	call invoke
	certificate ssl tls https
	change modify update edit
	cli terminal shell console
	collapse fold
	command cmd
	compress gzip zip
	concurrency concurrent parallel simultaneous
	config configuration configure setting
	convert cast coerce transform
	copy clone duplicate
	cost price pricing billing
	crash segfault
	crawl scrape
	create add
	credential secret
	customize custom override
	database db
	debug debugger
	decode decoding
	delete remove drop
	deploy deployment hosting
	deserialize unmarshal
	dev development
	dictionary dict mapping
	directory folder dir
	disable deactivate
	doc documentation
	duration elapsed
	dynamic dynamically
	email mail smtp
	encode encoding
	encrypt encryption
	endpoint route
	env environment
	equal same identical
	error exception
	escape quote
	example sample
	exclude hide omit
	execute run launch
	export dump
	extension plugin
	fetch retrieve
	freeze hang
	function method
	image img picture
	import module
	info information
	inherit subclass
	initialize init startup
	integer int
	iterate iteration loop
	javascript js
	job task
	join concatenate merge
	kubernetes k8s
	language locale
	library package lib
	local locally
	lock mutex
	log logging logger
	maximum max
	message msg
	minimum min
	mock patch stub
	mongo mongodb
	multiple several
	multiprocessing process
	number num numeric
	object obj
	offline disconnected
	organize structure layout
	override overwrite replace
	parse parser
	performance perf speed
	persist save store
	postgres postgresql
	production prod
	redirect forward jump
	regex regexp
	repository repo
	request req
	response resp
	restrict limit
	retry retries
	reverse backwards
	rounding truncate
	schedule cron
	serialize serialization marshal
	share shared
	shutdown terminate
	specify specification spec
	split separate
	stream streaming
	string str
	temporary temp
	thread threading
	throttle rate
	timezone tz
	trace tracing
	typescript ts
	ui interface frontend
	upgrade migrate migration
	validate validation verify
	variable var
	warning deprecated
	website webpage site
	websocket ws
	whitespace indentation
`;

const related = readGroups(groups);

/** Terms that are looked for besides the ones of a question, each once, in the order in which the question gives rise to them. */
export function relatedTerms(question: string): string[] {
	const own = new Set(analyze(question));
	const found = new Set<string>();
	for (const term of own) {
		for (const other of related.get(term) ?? []) if (!own.has(other)) found.add(other);
	}
	return [...found];
}

/** Terms by a term that they go with; one that is in several groups goes with all of them. */
function readGroups(text: string): ReadonlyMap<string, ReadonlySet<string>> {
	const byTerm = new Map<string, Set<string>>();
	for (const line of text.trim().split('\n')) {
		const terms = analyze(line);
		for (const term of terms) {
			const others = byTerm.get(term) ?? new Set();
			byTerm.set(term, others);
			for (const other of terms) if (other !== term) others.add(other);
		}
	}
	return byTerm;
}
