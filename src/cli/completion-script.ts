import type { CommandNode, Word } from './command-tree.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** Text within single quotes of any of the three shells. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", '’').replaceAll('\\', '/')}'`;
}

function texts(words: readonly Word[]): string {
  return words.map(({ text }) => text).join(' ');
}

/** Follows the words so far down the tree: the names of commands count, everything else is an argument or a value. */
function walker(nodes: readonly CommandNode[], first: 0 | 1): string {
  const cases = nodes
    .filter(({ commands }) => commands.length > 0)
    .map(({ path, commands }) => {
      const patterns = commands.map(({ text }) => `"${[...path, text].join(' ')}"`).join('|');
      return `      ${patterns}) at="$next" ;;`;
    });
  return `  local at="" word next
  for word in "\${words[@]:${first}:$((count - ${first}))}"; do
    next="\${at:+$at }$word"
    case "$next" in
${cases.join('\n')}
    esac
  done`;
}

function bash(nodes: readonly CommandNode[], everywhere: readonly Word[]): string {
  const cases = nodes.map(
    ({ path, commands, options }) =>
      `    "${path.join(' ')}") commands="${texts(commands)}" options="${texts(options)}" ;;`,
  );
  return `# Completion of countersign for bash. Put this into ~/.bashrc:  source <(countersign completion bash)
_countersign() {
  local words=("\${COMP_WORDS[@]}") count=$COMP_CWORD current="\${COMP_WORDS[COMP_CWORD]}" commands="" options=""
${walker(nodes, 1)}
  case "$at" in
${cases.join('\n')}
  esac
  if [[ "$current" == -* ]]; then
    COMPREPLY=($(compgen -W "$options ${texts(everywhere)}" -- "$current"))
  elif [[ -n "$commands" ]]; then
    COMPREPLY=($(compgen -W "$commands" -- "$current"))
  else
    COMPREPLY=($(compgen -f -- "$current"))
  fi
}
complete -o default -F _countersign countersign
`;
}

function described(words: readonly Word[]): string {
  return words.map(({ text, about }) => quoted(`${text}:${about.replaceAll(':', ' -')}`)).join(' ');
}

function zsh(nodes: readonly CommandNode[], everywhere: readonly Word[]): string {
  const cases = nodes.map(
    ({ path, commands, options }) =>
      `    "${path.join(' ')}") commands=(${described(commands)}); options=(${described(options)}) ;;`,
  );
  return `#compdef countersign
# Completion of countersign for zsh. Put this into ~/.zshrc, after compinit:  source <(countersign completion zsh)
_countersign() {
  local -a commands options
  local count=$((CURRENT - 1)) current="\${words[CURRENT]}"
${walker(nodes, 1)}
  case "$at" in
${cases.join('\n')}
  esac
  options+=(${described(everywhere)})
  if [[ "$current" == -* ]]; then
    _describe -t options option options
  elif (( $#commands > 0 )); then
    _describe -t commands command commands
  else
    _files
  fi
}
compdef _countersign countersign
`;
}

function fish(nodes: readonly CommandNode[], everywhere: readonly Word[]): string {
  const cases = nodes
    .filter(({ commands }) => commands.length > 0)
    .map(({ path, commands }) => {
      const patterns = commands.map(({ text }) => quoted([...path, text].join(' '))).join(' ');
      return `      case ${patterns}\n        set at $next`;
    });
  const lines = nodes.flatMap(({ path, commands, options }) => {
    const when = `-n ${quoted(`__countersign_at "${path.join(' ')}"`)}`;
    return [
      ...commands.map(
        ({ text, about }) => `complete -c countersign -f ${when} -a ${text} -d ${quoted(about)}`,
      ),
      ...options.map(
        ({ text, about }) => `complete -c countersign ${when} -l ${text.slice(2)} -d ${quoted(about)}`,
      ),
    ];
  });
  const rest = everywhere.map(
    ({ text, about }) => `complete -c countersign -l ${text.slice(2)} -d ${quoted(about)}`,
  );
  return `# Completion of countersign for fish. Put this into ~/.config/fish/completions/countersign.fish
function __countersign_at
  set -l at ''
  for word in (commandline -opc)[2..-1]
    set -l next (string trim -- "$at $word")
    switch $next
${cases.join('\n')}
    end
  end
  test "$at" = "$argv[1]"
end
${[...lines, ...rest].join('\n')}
`;
}

const SCRIPTS: Record<Shell, (nodes: readonly CommandNode[], everywhere: readonly Word[]) => string> = {
  bash,
  zsh,
  fish,
};

/** The script by which a shell completes commands and options, made of the commands that there are. */
export function completionScript(shell: Shell, nodes: readonly CommandNode[]): string {
  const [root, ...below] = nodes;
  const everywhere = [...(root?.options ?? []), { text: '--help', about: 'display help for command' }];
  return SCRIPTS[shell]([{ path: [], commands: root?.commands ?? [], options: [] }, ...below], everywhere);
}
