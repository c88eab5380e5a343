/** Which configuration is meant; what is left out is found as a start finds it. */
export interface ConfigQuestion {
  readonly configFile?: string;
  readonly dataDir?: string;
  readonly policiesDir?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What a configuration says, without a secret of it. */
export interface ConfigFacts {
  readonly files: readonly string[];
  readonly origin: string;
  readonly host: string;
  readonly dataDir: string;
  readonly policiesDir: string;
  readonly servers: readonly {
    readonly name: string;
    readonly place: string;
    readonly disabled: boolean;
    /** Its headers go to another machine without TLS. */
    readonly inTheClear: boolean;
  }[];
  readonly witnesses: number;
}
