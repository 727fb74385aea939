import type * as FileSystem from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';

/** What erasing works on; handed over, because it runs in a thread that imports nothing. */
export interface Erasable {
	fs: Pick<
		typeof FileSystem,
		'fsyncSync' | 'fstatSync' | 'readFileSync' | 'readSync' | 'statSync' | 'writeSync'
	>;
	/** A connection of its own: what it commits makes all others read anew what they hold of the file. */
	database: DatabaseSync;
	/** Path of the database file. */
	path: string;
	/**
	 * The same file, open for reading and writing. Must stay open as long as anybody of this process has the database open: closing it drops
	 * the locks that SQLite holds on it. https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_
	 */
	file: number;
}

/**
 * Takes what has been deleted out of the files of a database: empties the write-ahead log, and overwrites the unused middle of its pages
 * with zeros. There `secure_delete` leaves copies of rows that SQLite once moved to another page; everything else that is
 * deleted it overwrites itself. https://www.sqlite.org/fileformat2.html#b_tree_pages
 *
 * A page is overwritten while nobody else can write and the log has no newer version of it, two milliseconds' worth of pages at a time.
 * Whoever reads meanwhile sees no difference, for nothing ever reads these bytes.
 *
 * All of it is in this one function, because it is handed to the thread as text.
 * @returns false when somebody was reading an older state, or others were writing all the time.
 */
export function eraseUnused({ fs, database, path, file }: Erasable): boolean {
	const ROUNDS = 10;
	const HOLD_MS = 2;
	const PASSIVE_ATTEMPTS = 4;
	const CHUNK_PAGES = 256;
	/** A log beyond this size, in bytes, is emptied before more pages are overwritten: what it has is looked through each time. */
	const LONG_LOG = 1024 * 1024;
	/** Kinds of pages by their first byte, with the length of their header: leaves, and those of indexes that are none. */
	const HEADERS = new Map([
		[2, 12],
		[10, 8],
		[13, 8]
	]);
	/** A database of this many pages has other pages that can begin with these bytes; at 4 kB that is 128 GB. */
	const MOST_PAGES = 2 ** 25;

	const start = new Uint8Array(100);
	if (fs.readSync(file, start, 0, 100, 0) < 100) return false;
	const pageSize = start[16]! * 256 + start[17]! === 1 ? 65536 : start[16]! * 256 + start[17]!;
	const usable = pageSize - start[20]!;
	const nothing = new Uint8Array(pageSize);
	const pageBytes = new Uint8Array(pageSize);

	/** Pages that tell where others belong have another form: one before each group of as many as it has room for. */
	const isPointerMap = (page: number) => page >= 2 && (page - 2) % (Math.floor(usable / 5) + 1) === 0;

	/** Where the unused middle of a page lies, when something is in it. */
	const residueOf = (page: number, bytes: Uint8Array): { from: number; to: number } | null => {
		const at = page === 1 ? 100 : 0;
		const header = HEADERS.get(bytes[at]!);
		if (header === undefined || isPointerMap(page)) return null;
		const number = (offset: number) => bytes[at + offset]! * 256 + bytes[at + offset + 1]!;
		const from = at + header + 2 * number(3);
		const to = number(5) || 65536;
		if (from >= to || to > usable) return null;
		for (let offset = from; offset < to; offset += 1) if (bytes[offset] !== 0) return { from, to };
		return null;
	};

	const isLogEmptied = () => {
		database.exec('PRAGMA busy_timeout = 0');
		// Without holding up who writes, so that there is little left to do while they wait for the disk.
		for (let attempt = 0; attempt < PASSIVE_ATTEMPTS; attempt += 1) {
			const { log, checkpointed } = database.prepare('PRAGMA wal_checkpoint(PASSIVE)').get() ?? {};
			if (log === checkpointed) break;
		}
		if (database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.busy !== 0) return false;
		// Who is first to write to an empty log waits for the disk, too.
		alone(() => {});
		return true;
	};

	const logLength = () => fs.statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;

	/** https://www.sqlite.org/fileformat2.html#the_write_ahead_log */
	const pagesInLog = () => {
		const pages = new Set<number>();
		if (logLength() === 0) return pages;
		const log = fs.readFileSync(`${path}-wal`);
		for (let at = 32; at + 24 <= log.length; at += 24 + pageSize) pages.add(log.readUInt32BE(at));
		return pages;
	};

	/** Does something while nobody else can write. The change at its end is what other connections notice. */
	const alone = (work: () => void) => {
		database.exec('PRAGMA busy_timeout = 100; BEGIN IMMEDIATE');
		try {
			work();
			database.exec('UPDATE erasure SET passes = passes + 1; COMMIT');
		} catch (thrown) {
			if (database.isTransaction) database.exec('ROLLBACK');
			throw thrown;
		}
	};

	const pagesWithResidue = () => {
		const pages: number[] = [];
		const count = Math.floor(fs.fstatSync(file).size / pageSize);
		if (count >= MOST_PAGES) throw new Error('The database is too large.');
		const chunk = new Uint8Array(CHUNK_PAGES * pageSize);
		for (let first = 0; first < count; first += CHUNK_PAGES) {
			const read = Math.floor(fs.readSync(file, chunk, 0, chunk.length, first * pageSize) / pageSize);
			for (let index = 0; index < read; index += 1) {
				const bytes = chunk.subarray(index * pageSize, (index + 1) * pageSize);
				if (residueOf(first + index + 1, bytes)) pages.push(first + index + 1);
			}
		}
		return pages;
	};

	/** Overwrites some of the pages and takes them off the list; @returns those that the log has. */
	const overwrite = (pages: number[]) => {
		const logged: number[] = [];
		alone(() => {
			const began = performance.now();
			const inLog = pagesInLog();
			while (pages.length > 0 && performance.now() - began < HOLD_MS) {
				const page = pages.pop()!;
				if (inLog.has(page)) {
					logged.push(page);
					continue;
				}
				const offset = (page - 1) * pageSize;
				if (fs.readSync(file, pageBytes, 0, pageSize, offset) < pageSize) continue;
				const residue = residueOf(page, pageBytes);
				if (residue) fs.writeSync(file, nothing, 0, residue.to - residue.from, offset + residue.from);
			}
		});
		return logged;
	};

	const wanted = Number(database.prepare('SELECT wanted FROM erasure').get()?.wanted);
	let pages: number[] | undefined;
	for (let round = 0; round < ROUNDS; round += 1) {
		if (!isLogEmptied()) return false;
		const logged: number[] = [];
		pages ??= pagesWithResidue();
		while (pages.length > 0) {
			if (logLength() > LONG_LOG && !isLogEmptied()) return false;
			logged.push(...overwrite(pages));
		}
		if (logged.length === 0) {
			fs.fsyncSync(file);
			alone(() => database.prepare('UPDATE erasure SET done = max(done, ?)').run(wanted));
			return true;
		}
		pages = logged;
	}
	return false;
}
