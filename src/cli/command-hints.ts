import { type Argument, type Command, InvalidArgumentError, type Option } from "commander";

/** Words that may be empty: values of properties, inputs, and arguments of other programs. */
const MAY_BE_EMPTY: readonly string[] = ["value", "input", "part"];

/** For each command and those below it: an error names its own help, and no option or argument is empty. */
export function addHints(command: Command, above: readonly string[] = []): void {
  const words = [...above, command.name()];
  const first = command.name() === "launch" ? "Write parameters as --NAME=VALUE. " : "";
  command.showHelpAfterError(`${first}Try: ${words.join(" ")} --help`);
  for (const option of command.options) if (option.required) refuseEmpty(option);
  for (const argument of command.registeredArguments) {
    if (!MAY_BE_EMPTY.includes(argument.name())) refuseEmpty(argument);
  }
  for (const one of command.commands) addHints(one, words);
}

/** A variable that a script has not set is an empty value, which would mean something else: every address, this folder. */
function refuseEmpty(word: Option | Argument): void {
  const { parseArg, variadic } = word;
  word.argParser((text: string, before: unknown) => {
    if (text === "") throw new InvalidArgumentError("It is empty: is a variable not set?");
    if (parseArg) return parseArg(text, before);
    return variadic ? [...(Array.isArray(before) ? before : []), text] : text;
  });
}
