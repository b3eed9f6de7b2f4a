// What users are told: a mail in the local mailbox, an entry in their own feed, and their choice holds.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { fails, listen, mail, ok, service, signUp, until, upload } from "./support.mjs";

const COLUMNS = "id, kind, status, data, read_at, user_id";

const feedOf = async (user) => ok(await user.client.from("notifications").select(COLUMNS).order("created_at"));

/** The newest entry of a kind, once its e-mail has this status. */
async function told(user, kind, status = "sent") {
  const newest = async () => (await feedOf(user)).filter((each) => each.kind === kind).at(-1);
  return await until(newest, (entry) => entry?.status === status);
}

/** The e-mails to a user in the mailbox whose subject fits, newest first. */
function mailsTo(user, subject) {
  const found = mail("list", "--to", user.email);
  assert.equal(found.offline, true);
  return found.mails.filter((each) => subject.test(each.subject));
}

let owner, guest, team, heard;

before(async () => {
  [owner, guest] = [await signUp("host"), await signUp("guest")];
  team = ok(await owner.client.rpc("create_workspace", { p_name: "Team" })).id;
});

test("a new user is welcomed", async () => {
  const entry = await told(owner, "welcome");
  assert.deepEqual([entry.user_id, entry.read_at], [owner.id, null]);
  const [letter, ...more] = mailsTo(owner, /Welcome/);
  assert.match(letter.text, /^Hello host-/);
  assert.deepEqual(more, []);
});

test("an invitation's token comes by mail, and accepts", async () => {
  const listening = await listen(guest, `user:${guest.id}`, ["notification", "notification.read"]);
  assert.equal(listening.status, "SUBSCRIBED");
  heard = listening.heard;
  const invited = ok(
    await owner.client.rpc("invite_member", { p_workspace_id: team, p_email: guest.email, p_role: "editor" }),
  );
  const entry = await told(guest, "invitation");
  const [letter] = mailsTo(guest, /invites you to Team/);
  const token = /\/invitations\?token=(\w+)/.exec(letter.text)?.[1];
  assert.equal(token, invited.token);
  await until(() => heard.notification, (all) => all.some((each) => each.kind === "invitation"));
  assert.ok(!JSON.stringify(entry).includes(token));
  ok(await guest.client.rpc("accept_invitation", { p_token: token }));
});

test("an invitation is accepted from the feed, by the invited one only", async () => {
  const other = ok(await owner.client.rpc("create_workspace", { p_name: "Harbour office" })).id;
  ok(await owner.client.rpc("invite_member", { p_workspace_id: other, p_email: guest.email, p_role: "viewer" }));
  const data = async () => (await feedOf(guest)).filter((each) => each.kind === "invitation").at(-1).data;
  const { workspace, invitation_id } = await until(data, (each) => each.workspace_id === other);
  assert.equal(workspace, "Harbour office");
  const accept = (user) => user.client.rpc("accept_invitation_by_id", { p_invitation_id: invitation_id });
  fails(await accept(owner), 404, "invitation.not_found");
  assert.equal(ok(await accept(guest)).id, other);
  fails(await accept(guest), 409, "invitation.used");
});

test("a feed is its user's own, to read and to mark as read", async () => {
  const [others] = await feedOf(owner);
  assert.ok((await feedOf(guest)).every((each) => each.user_id === guest.id));
  assert.deepEqual(ok(await guest.client.from("notifications").select("id").eq("id", others.id)), []);
  assert.equal(ok(await guest.client.rpc("mark_notifications_read", { p_ids: [others.id] })), 0);
  const unread = (await feedOf(guest)).filter((each) => each.read_at === null).length;
  assert.equal(ok(await guest.client.rpc("mark_notifications_read")), unread);
  await until(() => heard["notification.read"], (hints) => hints.some((each) => each.unread === 0), 15);
  assert.ok((await feedOf(guest)).every((each) => each.read_at !== null));
  assert.equal((await feedOf(owner))[0].read_at, null);
  const forged = await guest.client.from("notifications").update({ status: "sent" }).eq("user_id", guest.id);
  assert.equal(forged.error.code, "42501");
});

test("a choice holds for e-mails, and some cannot be turned off", async () => {
  const failOne = () => upload(owner, Buffer.from("no pdf"), "bad.pdf");
  const choose = (kind, email) =>
    owner.client.rpc("set_notification_preference", { p_kind: kind, p_email: email });

  ok(await choose("document_failed", false));
  await failOne();
  await told(owner, "document_failed", "skipped");
  ok(await choose("document_failed", true));
  await failOne();
  await told(owner, "document_failed", "sent");
  assert.equal(mailsTo(owner, /document/).length, 1);

  fails(await choose("payment_failed", false), 409, "notification.not_optional");
  const settings = ok(await owner.client.rpc("notification_settings"));
  assert.ok(settings.find((each) => each.kind === "document_failed").email);
});

test("messages are in the language of the user", async () => {
  ok(await guest.client.from("profiles").update({ locale: "fr" }).eq("user_id", guest.id));
  const other = ok(await owner.client.rpc("create_workspace", { p_name: "Equipe" })).id;
  ok(await owner.client.rpc("invite_member", { p_workspace_id: other, p_email: guest.email, p_role: "viewer" }));
  await until(() => feedOf(guest), (feed) => feed.at(-1).kind === "invitation" && feed.at(-1).status === "sent");
  assert.match(mailsTo(guest, /vous invite dans Equipe/)[0].text, /rôle : lecture/);
  fails(
    await guest.client.from("profiles").update({ locale: "de" }).eq("user_id", guest.id),
    400,
    "profile.locale_unknown",
  );
});

test("a dead address is seen by its owner, by who invites it and by the operator, who lifts it", async () => {
  const dead = await signUp("dead");
  const [{ id }] = await feedOf(dead);
  const bounce = { event: "bounce", email: dead.email, status: "5.1.1", reason: "No such user", lamina_id: id };
  const event = { ...bounce, timestamp: 1_790_000_000, sg_event_id: id, sg_message_id: "req1.filter1" };
  assert.equal(ok(await service().rpc("receive_mail_events", { p_events: [event] })), "stored");
  const settings = async () => ok(await dead.client.rpc("notification_settings"));
  await until(settings, ([first]) => first.suppressed?.reason === "bounced");
  ok(await owner.client.rpc("invite_member", { p_workspace_id: team, p_email: dead.email, p_role: "viewer" }));
  const states = async (user) =>
    ok(await user.client.from("workspace_invitations").select("mail_status").eq("email", dead.email));
  await until(() => states(owner), ([first]) => first.mail_status === "suppressed");
  assert.deepEqual(await states(guest), []);
  assert.ok(mail("suppressions").some((each) => each.email === dead.email));
  assert.equal(mail("unsuppress", dead.email).reason, "bounced");
  assert.equal((await settings())[0].suppressed, null);
});

test("events come through the door only", async () => {
  for (const client of [owner.client, guest.client]) {
    const { error } = await client.rpc("receive_mail_events", { p_events: [] });
    assert.equal(error.code, "42501");
  }
  assert.equal(ok(await service().rpc("receive_mail_events", { p_events: [] })), "empty");
});
