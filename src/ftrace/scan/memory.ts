// Where everything lies in the scanner's memory, in bytes: for both of its sides. It never grows.

/** A line longer than this keeps only its head; a kernel trace line is bounded by a page (trace_seq, PAGE_SIZE). */
export const MAX_LINE = 1 << 16;

/** In which the name of a task stands: as layouts.ts has it. */
export const COMM_COLUMNS = 16;

/** What one call of scan() did: words, in this order. */
export const RESULT = 0x400;
export const LINES = 0;
/** Events that are only counted. */
export const COUNTED_EVENTS = 1;
export const RECORD_COUNT = 2;
/** CPUs that had entries, in CPU_LIST. */
export const CPU_COUNT = 3;
/** Before the call: of how many entries what they take in the ring buffer is wanted; behind it of how many it was told, and bytes. */
export const SAMPLES = 4;
export const SAMPLED_BYTES = 5;
/** What each takes beside its fields: as text_decoder.ts says. */
export const ENTRY_HEADS = 4 + 8 + 16;

/** A byte for each CPU: are its entries read here? Then four words: how many, and line and time of the last; a list of those with entries. */
export const MAX_CPUS = 8192;
export const CPU_ON = 0x1000;
export const CPU_ENTRIES = 0x3000;
export const ENTRY_COUNT = 0;
/** Of the lines of this call, from 0 on. */
export const ENTRY_LINE = 1;
export const ENTRY_TIME_START = 2;
export const ENTRY_TIME_END = 3;
export const CPU_LIST = 0x23000;

/** Known texts by their hash; behind them the texts themselves. */
export const BUCKETS = 0x2b000;
export const BUCKET_COUNT = 8192;
export const TEXTS = 0x33000;
export const TEXTS_END = 0x133000;

/** What a known text means: nothing, if what follows is nothing of a probe's; nothing; an event that is only counted; a shape. */
export const OTHER = 0;
export const FOREIGN = 1;
export const COUNTED = 2;
export const FIRST_SHAPE = 3;

/** What is read of the events of a probe: its keys in their order. */
export const SHAPES = 0x133000;
export const SHAPE_SIZE = 2048;
export const MAX_SHAPES = 512;
export const MAX_KEYS = 42;
export const MAX_KEY_LENGTH = 16;
/** The slot of a key that nobody wants. */
export const UNWANTED = -1;

/** The events that were read: a record of these words each, and their values, as doubles and as what they were made of. */
export const RECORDS = 0x233000;
export const RECORD_SIZE = 32;
export const SHAPE = 0;
/** Of the lines of this call, from 0 on. */
export const LINE = 1;
/** Where it begins. */
export const START = 2;
export const PID = 3;
export const CPU = 4;
export const TIME_START = 5;
export const TIME_END = 6;
export const MAX_RECORDS = 1024;
export const NUMBERS = 0x23b000;
export const RAWS = 0x24b000;
export const MAX_NUMBERS = 8192;

/** The bytes of the trace, with room behind them for loads that reach beyond. */
export const INPUT = 0x25b000;
export const INPUT_SIZE = 1 << 18;
