import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { joined, subscribe, tell, tokenOf, until, user, version, visitor } from "./support.mjs";

const [ANN, BEN] = [randomUUID(), randomUUID()];

test("a broadcast reaches the other and, when asked for, oneself", async () => {
  const [one, two] = [visitor(), visitor()];
  const heard = { one: [], two: [] };
  const first = await joined(
    one.channel("room", { config: { broadcast: { self: true, ack: true } } })
      .on("broadcast", { event: "hi" }, (message) => heard.one.push(message.payload)),
  );
  await joined(two.channel("room").on("broadcast", { event: "*" }, (message) => heard.two.push(message)));
  assert.equal(await first.send({ type: "broadcast", event: "hi", payload: { text: "größe 😀" } }), "ok");
  await until(() => heard.one.length && heard.two.length);
  assert.deepEqual(heard.one, [{ text: "größe 😀" }]);
  assert.equal(heard.two[0].event, "hi");
});

// Version 1.0.0 has no binary frames.
if (version === "2.0.0") test("bytes pass", async () => {
  const [one, two] = [visitor(), visitor()];
  const heard = [];
  await joined(two.channel("bytes").on("broadcast", { event: "b" }, (message) => heard.push(message.payload)));
  const channel = await joined(one.channel("bytes"));
  await channel.send({ type: "broadcast", event: "b", payload: new Uint8Array([0, 255, 7]).buffer });
  await one.channel("bytes").httpSend("b", new Uint8Array([1, 2]));
  await until(() => heard.length === 2);
  assert.deepEqual(heard.map((each) => [...new Uint8Array(each)]), [[0, 255, 7], [1, 2]]);
});

test("httpSend, and send before joining, go by POST", async () => {
  const [one, two] = [visitor(), visitor()];
  const heard = [];
  await joined(two.channel("a/b: {1}").on("broadcast", { event: "*" }, (message) => heard.push(message.event)));
  const channel = one.channel("a/b: {1}");
  assert.deepEqual(await channel.httpSend("posted/1", { n: 1 }), { success: true });
  assert.equal(await channel.send({ type: "broadcast", event: "sent", payload: {} }), "ok");
  await until(() => heard.length === 2);
  assert.deepEqual(heard, ["posted/1", "sent"]);
});

test("private: who may, may; who may not is told why", async () => {
  const [ann, ben, nobody] = [await user(ANN), await user(BEN), visitor()];
  const topic = `user:${ANN}`;
  const options = { config: { private: true, broadcast: { ack: true, self: true } } };
  const heard = [];
  const channel = await joined(
    ann.channel(topic, options).on("broadcast", { event: "*" }, (message) => heard.push(message)),
  );
  assert.equal(await channel.send({ type: "broadcast", event: "own", payload: {} }), "ok");
  for (const client of [ben, nobody]) {
    const { status, error } = await subscribe(client.channel(topic, options));
    assert.equal(status, "CHANNEL_ERROR");
    assert.equal(error.message, `Unauthorized: You do not have permissions to read from this Channel topic: ${topic}`);
    await assert.rejects(client.channel(topic, options).httpSend("e", {}), /permissions to write/);
  }
  assert.deepEqual(await ann.channel(topic, options).httpSend("posted", {}), { success: true });
  await until(() => heard.length === 2);
  assert.deepEqual(heard.map((message) => message.event), ["own", "posted"]);
});

test("the database is heard: realtime.send, private and public", async () => {
  const [ann, nobody] = [await user(ANN), visitor()];
  const heard = { ann: [], nobody: [] };
  await joined(ann.channel("news", { config: { private: true } })
    .on("broadcast", { event: "told" }, (message) => heard.ann.push(message)));
  await joined(nobody.channel("news").on("broadcast", { event: "*" }, (message) => heard.nobody.push(message)));
  tell({ topic: "news", event: "told", payload: { n: 1 }, private: true });
  tell({ topic: "news", event: "open", payload: { n: 2 }, private: false });
  await until(() => heard.ann.length && heard.nobody.length);
  await sleep(100);
  assert.equal(heard.ann[0].payload.n, 1);
  assert.equal(heard.ann[0].meta.id, heard.ann[0].payload.id);
  assert.deepEqual(heard.nobody.map((message) => message.event), ["open"]);
});

test("replay", async () => {
  const [ann, late] = [await user(ANN), await user(ANN)];
  const heard = { live: [], replayed: [] };
  await joined(ann.channel("hall", { config: { private: true } })
    .on("broadcast", { event: "earlier" }, (message) => heard.live.push(message)));
  tell({ topic: "hall", event: "earlier", payload: { n: 1 }, private: true });
  await until(() => heard.live.length);
  const replay = { since: Date.now() - 60_000, limit: 5 };
  await joined(late.channel("hall", { config: { private: true, broadcast: { replay } } })
    .on("broadcast", { event: "earlier" }, (message) => heard.replayed.push(message)));
  await until(() => heard.replayed.length);
  assert.deepEqual(heard.replayed[0].meta, { replayed: true, id: heard.live[0].meta.id });
});

test("two users see each other come, change and go", async () => {
  const [ann, ben] = [await user(ANN), await user(BEN)];
  const seen = [];
  const options = (key) => ({ config: { private: true, presence: { key } } });
  const watching = await joined(ann.channel("hall", options("ann"))
    .on("presence", { event: "join" }, ({ key, newPresences }) => seen.push(["join", key, newPresences[0].mood]))
    .on("presence", { event: "leave" }, ({ key, leftPresences }) => seen.push(["leave", key, leftPresences[0].mood]))
    .on("presence", { event: "sync" }, () => {}));
  const other = await joined(ben.channel("hall", options("ben")).on("presence", { event: "sync" }, () => {}));
  assert.equal(await watching.track({ mood: "calm" }), "ok");
  assert.equal(await other.track({ mood: "keen" }), "ok");
  const keys = (channel) => Object.keys(channel.presenceState()).sort().join();
  await until(() => keys(watching) === "ann,ben" && keys(other) === "ann,ben");
  assert.equal(await other.track({ mood: "glad" }), "ok");
  await until(() => watching.presenceState().ben?.[0].mood === "glad" && watching.presenceState().ben.length === 1);
  assert.equal(await other.untrack(), "ok");
  await until(() => keys(watching) === "ann" && keys(other) === "ann");
  await other.track({ mood: "back" });
  await until(() => keys(watching) === "ann,ben");
  await ben.realtime.disconnect();
  await until(() => keys(watching) === "ann");
  assert.deepEqual(seen.filter(([, key]) => key === "ben").map(([what, , mood]) => `${what} ${mood}`), [
    "join keen", "join glad", "leave keen", "leave glad", "join back", "leave back",
  ]);
});

test("a renewed token keeps a channel, one that runs out ends it", async () => {
  const [ann, ben] = [await user(ANN, 4), await user(BEN, 4)];
  const system = [];
  let closed = false;
  const kept = [];
  await joined(ann.channel("news", { config: { private: true } }).on("broadcast", { event: "after" }, () => kept.push(1)));
  ben.channel("news", { config: { private: true } })
    .on("system", {}, (message) => system.push(message))
    .subscribe((status) => { closed ||= status === "CLOSED"; });
  ann.session.token = tokenOf(ANN);
  await ann.realtime.setAuth();
  await until(() => closed, 15);
  assert.equal(system.at(-1).status, "error");
  assert.match(system.at(-1).message, /^Token has expired/);
  tell({ topic: "news", event: "after", payload: {}, private: true });
  await until(() => kept.length);
});

test("leaving ends it, and one may come again", async () => {
  const [one, two] = [visitor(), visitor()];
  const heard = [];
  const listening = () => two.channel("doors").on("broadcast", { event: "*" }, (message) => heard.push(message.event));
  const channel = await joined(listening());
  const speaker = await joined(one.channel("doors", { config: { broadcast: { ack: true } } }));
  assert.equal(await two.removeChannel(channel), "ok");
  assert.equal(await speaker.send({ type: "broadcast", event: "unheard", payload: {} }), "ok");
  await joined(listening());
  assert.equal(await speaker.send({ type: "broadcast", event: "heard", payload: {} }), "ok");
  await until(() => heard.length);
  assert.deepEqual(heard, ["heard"]);
});

test("postgres_changes is refused with a hint", async () => {
  const client = visitor();
  const { status, error } = await subscribe(
    client.channel("changes").on("postgres_changes", { event: "*", schema: "public" }, () => {}),
  );
  assert.equal(status, "CHANNEL_ERROR");
  assert.match(error.message, /realtime\.broadcast_changes/);
});

test("heartbeats are answered", async () => {
  const client = visitor();
  const beats = [];
  client.realtime.onHeartbeat((status) => beats.push(status));
  await joined(client.channel("beat"));
  await client.realtime.sendHeartbeat();
  await until(() => beats.includes("ok"));
});
