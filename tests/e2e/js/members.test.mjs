// A team works together: invitation, role, isolation, and the last owner stays.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { fails, ok, signUp } from "./support.mjs";

let owner, guest, team;

before(async () => {
  [owner, guest] = [await signUp("owner"), await signUp("guest")];
  const made = ok(await owner.client.rpc("create_workspace", { p_name: "Team" }));
  team = made.id ?? made.workspace_id ?? made;
});

test("an invitation is accepted by the invited one only, once", async () => {
  const invited = ok(
    await owner.client.rpc("invite_member", { p_workspace_id: team, p_email: guest.email, p_role: "editor" }),
  );
  const other = await signUp("other");
  const stolen = await other.client.rpc("accept_invitation", { p_token: invited.token });
  assert.notEqual(stolen.error, null);
  ok(await guest.client.rpc("accept_invitation", { p_token: invited.token }));
  const mine = ok(await guest.client.from("workspaces").select("id"));
  assert.ok(mine.some((workspace) => workspace.id === team));
  assert.notEqual((await guest.client.rpc("accept_invitation", { p_token: invited.token })).error, null);
});

test("an editor grants nothing above", async () => {
  const grab = await guest.client.rpc("change_member_role", {
    p_workspace_id: team,
    p_user_id: guest.id,
    p_role: "owner",
  });
  assert.equal(grab.status, 403);
});

test("the last owner cannot leave", async () => {
  fails(await owner.client.rpc("leave_workspace", { p_workspace_id: team }), 409, "workspace.last_owner");
});

test("who leaves sees nothing any more", async () => {
  ok(await guest.client.rpc("leave_workspace", { p_workspace_id: team }));
  assert.deepEqual(ok(await guest.client.from("workspaces").select("id").eq("id", team)), []);
});
