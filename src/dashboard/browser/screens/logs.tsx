import { useLoaded } from '../load.ts';
import { filterOf, type LogChoice, logAddress, readLogChoice } from '../model/log-choice.ts';
import { EntryPage } from '../parts/watch/entry-page.tsx';
import { Chosen, Facets, LogSearch } from '../parts/watch/log-filters.tsx';
import { LogList } from '../parts/watch/log-list.tsx';
import { StoryPage } from '../parts/watch/story-page.tsx';
import { queryOf } from '../query.ts';
import type { ScreenProps, Shell } from '../shell.ts';

/** The ledger: a choice of it; one entry with its proof; or the whole story of one call. */
export function Logs({ shell, id }: ScreenProps) {
  if (id === undefined) return <LogSearchScreen shell={shell} />;
  if (/^\d{1,15}$/.test(id)) return <EntryPage key={id} shell={shell} seq={Number(id)} />;
  return <StoryPage key={id} shell={shell} id={id} />;
}

function LogSearchScreen({ shell }: { shell: Shell }) {
  const choice = readLogChoice(queryOf(shell));
  const address = logAddress(choice);
  const choose = (next: LogChoice) => shell.go(logAddress(next), { replace: true });
  const facets = useLoaded(shell, address, () => shell.api.client.logs.facets(filterOf(choice)));
  return (
    <>
      <h1>Logs</h1>
      <LogSearch choice={choice} choose={choose} />
      <Chosen choice={choice} choose={choose} />
      <Facets choice={choice} choose={choose} found={facets} />
      <LogList key={address} shell={shell} choice={choice} />
    </>
  );
}
