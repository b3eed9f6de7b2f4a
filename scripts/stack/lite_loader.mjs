// Mends one expression of @supabase/lite as it is loaded. It writes a function's json argument as text and passes that
// to a driver which writes values of that type as text again, so the function gets a string that holds JSON.
const WRITTEN_TWICE = 'E==="json"||E==="array"&&!Array.isArray(_)?ao(_):_';
const WRITTEN_ONCE = 'E==="array"&&!Array.isArray(_)?ao(_):_';

export async function load(url, context, next) {
  const module = await next(url, context);
  if (!url.endsWith("/@supabase/lite/dist/index.js")) return module;
  const source = String(module.source);
  if (!source.includes(WRITTEN_TWICE)) throw new Error("lite_loader.mjs does not know this @supabase/lite.");
  return { ...module, source: source.replace(WRITTEN_TWICE, WRITTEN_ONCE) };
}
