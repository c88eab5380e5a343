import type { Figure } from './extras.ts';
import { over, type Runner } from './measure.ts';
import type { Downstream } from './target.ts';

/** One line of the table of targets: what was reached and what must be. */
interface Goal {
  readonly what: string;
  readonly value: number;
  readonly must: string;
  readonly met: boolean;
}

function digits(value: number, places: number): string {
  if (Number.isNaN(value)) return '–';
  return value >= 1000 ? Math.round(value).toLocaleString('en-US') : value.toFixed(places);
}

function table(head: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, index) => (index === 0 ? '---' : '--:'))), ...rows.map(line)].join(
    '\n',
  );
}

const TITLES: Readonly<Record<Downstream, string>> = {
  http: 'HTTP downstream, hand-written',
  stdio: 'stdio downstream',
  sdk: "HTTP downstream, the SDK's v1 server",
};

function groupTable(runners: readonly Runner[], levels: readonly number[], downstream: Downstream): string {
  const group = runners.filter(({ target }) => target.downstream === downstream);
  const direct = group.find(({ target }) => target.kind === 'direct');
  const most = Math.max(...levels);
  const rows = group.map((runner) => {
    const added = (pick: 'p50' | 'p99'): string => {
      const own = over(runner, 1, (slice) => slice[pick]);
      if (!direct || runner === direct) return `${digits(own, 2)}`;
      return `+${digits(own - over(direct, 1, (slice) => slice[pick]), 2)}`;
    };
    const perSecond = levels.map((level) =>
      digits(
        over(runner, level, (slice) => slice.perSecond),
        0,
      ),
    );
    const ratio = direct
      ? over(runner, most, (slice) => slice.perSecond) / over(direct, most, (slice) => slice.perSecond)
      : Number.NaN;
    const measured = runner.target.child !== undefined;
    return [
      runner.target.name,
      added('p50'),
      added('p99'),
      ...perSecond,
      `${digits(ratio, 2)}×`,
      measured
        ? digits(
            over(runner, most, (slice) => slice.cpuUs),
            0,
          )
        : '–',
      measured
        ? digits(
            over(runner, most, (slice) => slice.residentMb),
            0,
          )
        : '–',
    ];
  });
  const head = [
    TITLES[downstream],
    '1 client p50 ms',
    'p99 ms',
    ...levels.map((level) => `${level} /s`),
    `of direct at ${most}`,
    'CPU µs/call',
    'resident MB',
  ];
  return table(head, rows);
}

function goal(what: string, value: number, must: { atMost: number } | { atLeast: number }): Goal {
  const met = 'atMost' in must ? value <= must.atMost : value >= must.atLeast;
  return { what, value, must: 'atMost' in must ? `≤ ${must.atMost}` : `≥ ${must.atLeast}`, met };
}

function goalsOf(runners: readonly Runner[]): Goal[] {
  const find = (downstream: Downstream, kind: string, tool = 'echo'): Runner[] =>
    runners.filter(
      ({ target }) => target.downstream === downstream && target.kind === kind && target.tool === tool,
    );
  const perSecond = (runner: Runner): number => over(runner, 64, (slice) => slice.perSecond);
  const goals: Goal[] = [];
  const [direct] = find('http', 'direct');
  const [read] = find('http', 'gateway');
  const [write] = find('http', 'gateway', 'echo_write');
  const [hop] = find('http', 'hop');
  const addedMs = (runner: Runner): number =>
    over(runner, 1, (slice) => slice.p50) - (direct ? over(direct, 1, (slice) => slice.p50) : Number.NaN);
  const peers = find('http', 'peer');
  if (read && peers.length > 0) {
    const best = Math.min(...peers.map(addedMs));
    goals.push(
      goal('1 client added p50, read-only tool, against the best peer', addedMs(read) / best, {
        atMost: 1.1,
      }),
    );
  }
  if (write)
    goals.push(goal('1 client added p50, intent before dispatch, ms', addedMs(write), { atMost: 1.4 }));
  if (write)
    goals.push(
      goal(
        '1 client p99, intent before dispatch, ms',
        over(write, 1, (slice) => slice.p99),
        { atMost: 4 },
      ),
    );
  for (const downstream of ['http', 'stdio'] as const) {
    const [ours] = find(downstream, 'gateway', 'echo_write');
    const others = find(downstream, 'peer').map(perSecond);
    if (!ours || others.length === 0) continue;
    goals.push(
      goal(`64 clients, ${downstream}, against the best peer`, perSecond(ours) / Math.max(...others), {
        atLeast: 4,
      }),
    );
  }
  if (write && hop)
    goals.push(
      goal('64 clients against the byte-level hop', perSecond(write) / perSecond(hop), { atLeast: 0.4 }),
    );
  const [sdk] = find('sdk', 'gateway', 'echo_write');
  const [sdkDirect] = find('sdk', 'direct');
  if (sdk && sdkDirect)
    goals.push(
      goal(
        'in front of an SDK v1 server, 64 clients, against direct',
        perSecond(sdk) / perSecond(sdkDirect),
        { atLeast: 0.9 },
      ),
    );
  if (write)
    goals.push(
      goal(
        'resident memory under 64 clients, MB',
        over(write, 64, (slice) => slice.residentMb),
        { atMost: 250 },
      ),
    );
  return goals;
}

/** The whole result as Markdown. */
export function reportOf(input: {
  runners: readonly Runner[];
  levels: readonly number[];
  figures: readonly Figure[];
  setting: string;
}): string {
  const { runners, levels, figures, setting } = input;
  const kinds = [...new Set(runners.map(({ target }) => target.downstream))];
  const extra = figures.map(
    ({ what, value, unit, must }): Goal => ({
      what: `${what}, ${unit}`,
      value,
      must: Number.isNaN(must) ? '' : `≤ ${must}`,
      met: Number.isNaN(must) || value <= must,
    }),
  );
  const goals = [...goalsOf(runners), ...extra];
  const goalRows = goals.map(({ what, value, must, met }) => [
    what,
    digits(value, 2),
    must,
    must === '' ? '' : met ? 'yes' : '**no**',
  ]);
  return [
    setting,
    ...kinds.map((kind) => groupTable(runners, levels, kind)),
    table(['goal', 'measured', 'must', 'met'], goalRows),
  ].join('\n\n');
}
