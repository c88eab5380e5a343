import type { Command } from 'commander';

export interface Word {
  readonly text: string;
  readonly about: string;
}

/** A command, by its names after `countersign`, and what can follow it. */
export interface CommandNode {
  /** Empty for the program itself. */
  readonly path: readonly string[];
  readonly commands: readonly Word[];
  readonly options: readonly Word[];
}

function nodesOf(command: Command, path: readonly string[]): CommandNode[] {
  const children = command.commands.filter((one) => one.name() !== 'help');
  const node: CommandNode = {
    path,
    commands: children.flatMap((one) =>
      [one.name(), ...one.aliases()].map((text) => ({ text, about: one.description() })),
    ),
    options: command.options.flatMap((one) =>
      one.long === undefined ? [] : [{ text: one.long, about: one.description }],
    ),
  };
  const below = children.flatMap((one) =>
    [one.name(), ...one.aliases()].flatMap((name) => nodesOf(one, [...path, name])),
  );
  return [node, ...below];
}

/** Every command of a program, the program first. */
export function commandTree(program: Command): readonly CommandNode[] {
  return nodesOf(program, []);
}
