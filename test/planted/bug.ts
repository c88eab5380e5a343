/** A defect that somebody could make, as a replacement of one piece of source, and the tests that must notice it. */
export interface PlantedBug {
  /** What is then wrong, in a few words. */
  readonly name: string;
  readonly file: string;
  /** Stands exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  /** Test files, at least one test of which must fail. */
  readonly tests: readonly string[];
}
