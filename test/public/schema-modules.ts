import { pageModule } from "./page-module.ts";

/** As a description has it, or made sound by the pages. */
export type Schema = Readonly<Record<string, unknown>>;

export const { soundSchema } = await pageModule<{
  soundSchema(schema: unknown, root: unknown): Schema;
}>("schema/sound-schema");
export const { fieldKindOf } = await pageModule<{
  fieldKindOf(schema: Schema, root: unknown): string;
}>("schema/field-kinds");
export const { initialOf } = await pageModule<{ initialOf(schema: unknown): unknown }>(
  "schema/initial-value",
);
export const { firstFault } = await pageModule<{
  firstFault(schema: unknown, value: unknown): string | undefined;
}>("schema/faults");
