// Decides what a user's `import` finds: in Node's loader thread, or where Node has hooks of the main thread, in that.
import type { InitializeHook, ResolveFnOutput, ResolveHook } from "node:module";

/** The namespace in which tsx works, so that it touches nothing but the modules of Things. */
export const NAMESPACE = "thingscope";

/** Specifier to the file of the server's own copy. */
let own = new Map<string, string>();

/** The hooks of `module.registerHooks`, which Node 22 and later have, and tsx uses there. */
export interface SyncHooks {
  resolve(
    specifier: string,
    context: unknown,
    nextResolve: (specifier: string, context: unknown) => ResolveFnOutput,
  ): ResolveFnOutput;
}

export const initialize: InitializeHook<Record<string, string>> = (data) => {
  own = new Map(Object.entries(data));
};

/**
 * `thingscope` is always the copy that serves: another would have another Thing class and other metadata. What
 * that copy brings along (typebox) is there for a folder that has not installed it.
 */
export const resolve: ResolveHook = async (specifier, context, nextResolve) => {
  const ownUrl = own.get(specifier);
  if (ownUrl && specifier.startsWith("thingscope")) return { url: ownUrl, shortCircuit: true };
  try {
    return afterTsx(await nextResolve(specifier, context));
  } catch (error) {
    if (ownUrl) return { url: ownUrl, shortCircuit: true };
    throw error;
  }
};

/** The same in the main thread. */
export const SYNC_HOOKS: SyncHooks = {
  resolve(specifier, context, nextResolve) {
    const ownUrl = own.get(specifier);
    if (ownUrl && specifier.startsWith("thingscope")) return { url: ownUrl, shortCircuit: true };
    try {
      return afterTsx(nextResolve(specifier, context));
    } catch (error) {
      if (ownUrl) return { url: ownUrl, shortCircuit: true };
      throw error;
    }
  },
};

/** Of what tsx resolves, `.ts` files stay in its hands, as ES modules whatever the next package.json says; everything else is Node's alone. */
function afterTsx(found: ResolveFnOutput): ResolveFnOutput {
  const file = new RegExp(`^(file:.*?)(?:%3F.*)?\\?tsx-namespace=${NAMESPACE}`).exec(found.url);
  if (!file?.[1]) return found;
  const isTypeScript = /\.m?ts$/.test(file[1]) && !file[1].includes("/node_modules/");
  return isTypeScript
    ? { url: `${file[1]}?tsx-namespace=${NAMESPACE}`, format: "module", shortCircuit: true }
    : { url: file[1], shortCircuit: true };
}
