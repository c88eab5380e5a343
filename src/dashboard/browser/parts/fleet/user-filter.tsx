interface UserFilterProps {
  readonly subject: string;
  readonly choose: (subject: string) => void;
}

/** Narrows a list to the work for one user; empty is everybody's. */
export function UserFilter({ subject, choose }: UserFilterProps) {
  return (
    <label>
      User
      <input
        type="search"
        placeholder="exactly, such as ann"
        spellcheck={false}
        autocomplete="off"
        defaultValue={subject}
        onChange={(event) => choose(event.currentTarget.value.trim())}
      />
    </label>
  );
}
