// Loaded before @supabase/lite. On Node 20, `FileHandle.readableWebStream()` gives chunks that its HTTP server cannot
// send, and the handle may be collected meanwhile: a download breaks off. An ordinary file stream does neither.
import { open } from "node:fs/promises";
import { register } from "node:module";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";

const handle = await open(fileURLToPath(import.meta.url));
Object.getPrototypeOf(handle).readableWebStream = function readableWebStream() {
  return Readable.toWeb(this.createReadStream());
};
await handle.close();

register("./lite_loader.mjs", import.meta.url);
