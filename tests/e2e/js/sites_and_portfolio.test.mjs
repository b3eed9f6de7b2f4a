// Somebody makes a website from a template with the design assistant's help, and shows their work to the world.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, it } from "node:test";
import { anon, fails, join, listen, ok, service, signUp, until } from "./support.mjs";

const png = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);
const slug = (name) => `${name}-${randomUUID().slice(0, 8)}`;

describe("sites", () => {
  it("go from template to publication, with a design in between", async () => {
    const [ada, world] = [await signUp("ada"), anon()];
    const { heard } = await listen(ada, `workspace:${ada.workspace}`, ["site.changed"]);
    const template = ok(
      await ada.client.from("templates").select("id").is("workspace_id", null).eq("name", "Small business").single(),
    );
    const address = slug("bakery");
    const fork = { p_template_id: template.id, p_workspace_id: ada.workspace, p_name: "Bakery", p_slug: address };
    const site = ok(await ada.client.rpc("fork_template", fork));
    fails(await ada.client.rpc("fork_template", fork), 409, "site.slug_taken");

    const input = { instructions: "A page about our bread.", text: "We bake rye bread every morning." };
    const wish = { site_id: site.id, page: "/bread", input };
    const { task: design } = ok(await ada.client.functions.invoke("aiDesignAssistant", { body: wish }));
    const done = await until(
      async () => ok(await ada.client.from("ai_tasks").select("status, error_code").eq("id", design.id).single()),
      (task) => !["pending", "streaming"].includes(task.status),
    );
    assert.equal(done.status, "complete", JSON.stringify(done));
    const second = ok(await ada.client.rpc("apply_design", { p_task_id: design.id, p_expected_version: 1 }));
    assert.equal(second.version, 2);
    fails(await ada.client.rpc("apply_design", { p_task_id: design.id, p_expected_version: 1 }), 409, "site.version_conflict");

    const [{ content }] = ok(
      await ada.client.from("site_versions").select("content").eq("site_id", site.id).eq("version", 2),
    );
    assert.deepEqual(content.pages.map((page) => page.path), ["/", "/services", "/contact", "/bread"]);
    content.pages[0].blocks[0].text = "Bread, and nothing else";
    const save = { p_site_id: site.id, p_content: content, p_expected_version: 2 };
    assert.equal(ok(await ada.client.rpc("save_site", save)).version, 3);
    content.pages[0].blocks[0].script = "alert(1)";
    fails(await ada.client.rpc("save_site", { ...save, p_expected_version: 3 }), 400, "site.bad_content");

    const seen = async () => ok(await world.from("site_snapshots").select("version, content").eq("live_slug", address));
    assert.deepEqual(await seen(), []);
    ok(await ada.client.rpc("publish_site", { p_site_id: site.id }));
    assert.equal((await seen())[0].content.pages[0].blocks[0].text, "Bread, and nothing else");
    ok(await ada.client.rpc("publish_site", { p_site_id: site.id, p_version: 1 }));
    assert.deepEqual((await seen()).map((row) => row.version), [1]);
    ok(await ada.client.rpc("unpublish_site", { p_site_id: site.id }));
    assert.deepEqual(await seen(), []);
    await until(() => heard["site.changed"].at(-1)?.live_version === null && heard["site.changed"], (calls) => calls.length > 5);
  });

  it("show pictures of one's own, lead from page to page, and take layouts in", async () => {
    const [ada, bob, world] = [await signUp("ada"), await signUp("bob"), anon()];
    const templates = ok(await ada.client.from("templates").select("id, name, kind").is("workspace_id", null));
    const named = (name) => templates.find((template) => template.name === name).id;
    const address = slug("bakery");
    const fork = { p_template_id: named("Small business"), p_workspace_id: ada.workspace, p_name: "Bakery", p_slug: address };
    fails(await ada.client.rpc("fork_template", { ...fork, p_template_id: named("Announcement") }), 409, "template.wrong_kind");
    const site = ok(await ada.client.rpc("fork_template", fork));
    const layout = { p_site_id: site.id, p_template_id: named("Announcement"), p_path: "/news", p_expected_version: 1 };
    assert.equal(ok(await ada.client.rpc("add_site_page", layout)).version, 2);
    fails(await bob.client.rpc("add_site_page", { ...layout, p_expected_version: 2 }), 404, "site.not_found");

    const [assets, folder] = [ada.client.storage.from("assets"), `${ada.workspace}/site`];
    const path = `${folder}/${randomUUID()}.png`;
    ok(await assets.upload(path, png, { contentType: "image/png" }));
    const svg = await assets.upload(`${folder}/${randomUUID()}.png`, "<svg/>", { contentType: "image/svg+xml" });
    const badName = await assets.upload(`${folder}/logo.png`, png, { contentType: "image/png" });
    const foreign = await bob.client.storage.from("assets").upload(`${folder}/${randomUUID()}.png`, png, { contentType: "image/png" });
    for (const refusal of [svg, badName, foreign]) assert.notEqual(refusal.error, null);
    const [listed, ...more] = ok(await assets.list(folder));
    assert.ok(path.endsWith(listed.name) && more.length === 0);
    for (const client of [world, bob.client]) assert.deepEqual(ok(await client.storage.from("assets").list(folder)), []);

    const { publicUrl: url } = assets.getPublicUrl(path).data;
    const [{ content }] = ok(await ada.client.from("site_versions").select("content").eq("site_id", site.id).eq("version", 2));
    content.pages[0].blocks.push({ type: "picture", url, alt: "Our bread" }, { type: "button", label: "Shop", url: "/shop" });
    ok(await ada.client.rpc("save_site", { p_site_id: site.id, p_content: content, p_expected_version: 2 }));
    fails(await ada.client.rpc("publish_site", { p_site_id: site.id }), 409, "site.broken_link");
    content.pages[0].blocks.at(-1).url = "/news";
    ok(await ada.client.rpc("save_site", { p_site_id: site.id, p_content: content, p_expected_version: 3 }));
    ok(await ada.client.rpc("publish_site", { p_site_id: site.id }));
    const [{ content: shown }] = ok(await world.from("site_snapshots").select("content").eq("live_slug", address));
    const picture = await fetch(shown.pages[0].blocks.at(-2).url);
    assert.equal(picture.headers.get("content-type"), "image/png");
    assert.deepEqual(Buffer.from(await picture.arrayBuffer()), png);

    assert.deepEqual(ok(await bob.client.storage.from("assets").remove([path])), []);
    assert.deepEqual(ok(await assets.remove([path])), []);
    ok(await ada.client.rpc("unpublish_site", { p_site_id: site.id }));
    assert.equal(ok(await assets.remove([path])).length, 1);
    assert.notEqual((await fetch(url)).status, 200);
    fails(await ada.client.rpc("publish_site", { p_site_id: site.id }), 409, "site.missing_picture");
  });

  it("begin with templates that are renamed, and mails with text", async () => {
    const [ada, bob] = [await signUp("ada"), await signUp("bob")];
    const pages = [{ path: "/", title: "May", blocks: [{ type: "button", label: "Shop", url: "https://example.com" }] }];
    const mine = { p_workspace_id: ada.workspace, p_kind: "email", p_name: "May", p_content: { pages } };
    const template = ok(await ada.client.rpc("create_template", mine));
    const rename = { p_template_id: template.id, p_name: "News of May", p_description: "For all." };
    assert.equal(ok(await ada.client.rpc("rename_template", rename)).description, "For all.");
    fails(await bob.client.rpc("rename_template", rename), 404, "template.not_found");
    const text = ok(await ada.client.rpc("template_text", { p_template_id: template.id }));
    assert.deepEqual(text, { subject: "May", body: "[Shop](https://example.com)" });
    assert.equal(ok(await bob.client.rpc("template_text", { p_template_id: template.id })), null);
  });

  it("are written by who may", async () => {
    const owner = await signUp("owner");
    const { id: workspace } = ok(await owner.client.rpc("create_workspace", { p_name: "Bakers" }));
    const [viewer, stranger] = [await join(owner, workspace, "viewer"), await signUp("stranger")];
    const template = ok(await owner.client.from("templates").select("id").eq("name", "Blank").single());
    const fork = { p_template_id: template.id, p_workspace_id: workspace, p_name: "Site", p_slug: slug("site") };
    fails(await viewer.client.rpc("fork_template", fork), 403, "workspace.forbidden");
    const site = ok(await owner.client.rpc("fork_template", fork));
    fails(await viewer.client.rpc("publish_site", { p_site_id: site.id }), 403, "workspace.forbidden");
    const upload = (person, folder) =>
      person.client.storage.from("assets").upload(`${folder}/${randomUUID()}.png`, png, { contentType: "image/png" });
    assert.notEqual((await upload(viewer, `${workspace}/site`)).error, null);
    ok(await upload(owner, `${workspace}/site`));
    ok(await upload(viewer, `${viewer.workspace}/avatar`));
    fails(await stranger.client.rpc("publish_site", { p_site_id: site.id }), 404, "site.not_found");
    assert.equal(ok(await viewer.client.from("sites").select("id").eq("id", site.id)).length, 1);
    assert.deepEqual(ok(await stranger.client.from("sites").select("id").eq("id", site.id)), []);
    assert.equal((await anon().from("sites").select("id")).error.code, "42501");
  });
});

describe("a portfolio", () => {
  it("shows the world what is published, and nothing else", async () => {
    const [ada, bob, world] = [await signUp("ada"), await signUp("bob"), anon()];
    const { heard } = await listen(ada, `workspace:${ada.workspace}`, ["project.codes"]);
    const username = slug("Ada");
    const portfolio = { workspace_id: ada.workspace, title: "Ada L.", headline: "Engines", is_public: true };
    fails(await ada.client.from("portfolios").insert(portfolio), 409, "portfolio.no_username");
    ok(await ada.client.from("profiles").update({ username }).eq("user_id", ada.id));
    ok(await ada.client.from("portfolios").insert(portfolio));
    const project = ok(
      await ada.client.from("projects")
        .insert({ workspace_id: ada.workspace, slug: "engine", title: "Engine", tags: ["maths"], technologies: ["brass"] })
        .select().single(),
    );

    const media = [];
    for (const name of ["one.png", "two.png", "three.png"]) {
      const path = `${ada.workspace}/${project.id}/${name}`;
      ok(await ada.client.storage.from("portfolio").upload(path, png, { contentType: "image/png" }));
      const add = { p_project_id: project.id, p_path: path, p_alt: name };
      media.push(ok(await ada.client.rpc("add_project_media", add)));
      assert.equal(ok(await ada.client.rpc("add_project_media", add)).id, media.at(-1).id);
    }
    assert.equal(media[0].byte_size, png.length);
    ok(await ada.client.rpc("move_project_media", { p_media_id: media[2].id }));
    const stray = await bob.client.storage.from("portfolio").upload(`${ada.workspace}/${project.id}/x.png`, png, { contentType: "image/png" });
    assert.notEqual(stray.error, null);

    const look = async (client = world) => ok(await client.rpc("get_project", { p_username: username, p_slug: "engine" }));
    const file = media[0].object_path;
    const sign = (client, path) => client.storage.from("portfolio").createSignedUrl(path, 60);
    assert.equal(await look(), null);
    assert.notEqual((await sign(world, file)).error, null);
    assert.notEqual((await world.storage.from("portfolio").download(file)).error, null);

    ok(await ada.client.from("projects").update({ status: "published" }).eq("id", project.id));
    await until(() => heard["project.codes"], (calls) => calls.length > 0);
    const shown = await look();
    assert.deepEqual(shown.media.map((item) => item.alt), ["three.png", "one.png", "two.png"]);
    assert.match(shown.codes.target, new RegExp(`/p/${username.toLowerCase()}/engine$`));
    for (const [path, head] of [[file, "\x89PNG"], [shown.codes.png, "\x89PNG"], [shown.codes.svg, "<?xml"]]) {
      const { signedUrl } = ok(await sign(world, path));
      const body = Buffer.from(await (await fetch(signedUrl)).arrayBuffer());
      assert.equal(body.subarray(0, head.length).toString("latin1"), head, path);
    }
    assert.deepEqual(await look(bob.client), shown);
    const page = ok(await world.rpc("get_portfolio", { p_username: username }));
    assert.deepEqual(page.projects.map((item) => [item.slug, item.cover.alt]), [["engine", "three.png"]]);
    fails(await bob.client.rpc("add_project_media", { p_project_id: project.id, p_path: file }), 404, "project.not_found");

    ok(await world.rpc("note_project_view", { p_project_id: project.id }));
    assert.equal((await world.from("project_views").select("visitors")).error.code, "42501");

    ok(await ada.client.from("projects").update({ status: "archived" }).eq("id", project.id));
    assert.equal(await look(), null);
    assert.notEqual((await sign(world, file)).error, null);
    ok(await ada.client.from("projects").delete().eq("id", project.id));
    await until(
      async () => ok(await service().storage.from("portfolio").list(`${ada.workspace}/${project.id}`)),
      (files) => files.length === 0,
    );
  });
});
