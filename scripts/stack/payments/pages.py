"""The pages that people see instead of Stripe's: checkout, portal, invoices, receipts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from scripts.stack.payments import checkout, cycles, portal, views
from scripts.stack.payments.account import Account
from scripts.stack.payments.errors import StripeError, invalid
from scripts.stack.payments.html import HEADERS, Html
from scripts.stack.payments.server import Server
from scripts.stack.payments.store import Obj

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Pages:
    """Whoever knows an address may use it, as at Stripe: the ids are random."""

    def __init__(self, server: Server) -> None:
        self._server, self._base = server, server.config.public_url

    def routes(self) -> list[web.RouteDef]:
        """All of them."""
        return [
            web.get("/pay/{id}", self._page(self._checkout)),
            web.post("/pay/{id}/{what:pay|decline|cancel}", self._page(self._press_checkout)),
            web.get("/portal/{id}", self._page(self._portal)),
            web.post("/portal/{id}/{what:cancel|cancel_now|resume|change}", self._page(self._press_portal)),
            web.get("/invoice/{id}", self._page(self._invoice)),
            web.post("/invoice/{id}/{what:pay|decline}", self._page(self._press_invoice)),
            web.get("/invoice/{id}/pdf", self._page(self._pdf)),
            web.get("/receipt/{id}", self._page(self._receipt)),
        ]

    def _page(self, show: Callable[[web.Request], Awaitable[Html]]) -> Handler:
        async def handle(request: web.Request) -> web.Response:
            try:
                return _response(await show(request))
            except StripeError as error:
                return _response(views.problem_page(str(error)), error.status)

        return handle

    async def _checkout(self, request: web.Request) -> Html:
        session = self._get("checkout.session", request)
        return views.checkout_page(self._base, session, declined="declined" in request.query)

    async def _press_checkout(self, request: web.Request) -> Html:
        what = request.match_info["what"]

        def do(account: Account) -> Obj:
            session = account.get("checkout.session", request.match_info["id"])
            if what == "cancel":
                return session
            if session["status"] != "open":
                raise invalid("This page is not open any more.")
            return checkout.pay(account, session) if what == "pay" else checkout.decline(account, session)

        session = self._server.book(do)
        if what == "decline":
            raise web.HTTPSeeOther(f"{self._base}/pay/{session['id']}?declined")
        if what == "pay":
            raise web.HTTPSeeOther(session["success_url"].replace(checkout.PLACEHOLDER, session["id"]))
        raise web.HTTPSeeOther(session["cancel_url"] or f"{self._base}/pay/{session['id']}")

    async def _portal(self, request: web.Request) -> Html:
        session = self._get("billing_portal.session", request)
        return self._server.book(lambda account: _portal(account, session))

    async def _press_portal(self, request: web.Request) -> Html:
        form = await request.post()
        id, what = request.match_info["id"], request.match_info["what"]

        def do(account: Account) -> None:
            customer = account.get("billing_portal.session", id)["customer"]
            subscription = account.refer("subscription", str(form.get("subscription", "")), "subscription")
            if subscription["customer"] != customer:
                raise invalid("This is somebody else's subscription.")
            portal.act(account, subscription, what, str(form.get("price", "")))

        self._server.book(do)
        raise web.HTTPSeeOther(f"{self._base}/portal/{id}")

    async def _invoice(self, request: web.Request) -> Html:
        return views.invoice_page(
            self._base, self._get("invoice", request), failed="declined" in request.query
        )

    async def _press_invoice(self, request: web.Request) -> Html:
        id, pays = request.match_info["id"], request.match_info["what"] == "pay"

        def do(account: Account) -> None:
            invoice = account.get("invoice", id)
            if invoice["status"] != "open":
                raise invalid("This invoice is not open any more.")
            cycles.settle(account, invoice, pays=pays)

        self._server.book(do)
        raise web.HTTPSeeOther(f"{self._base}/invoice/{id}{'' if pays else '?declined'}")

    async def _pdf(self, request: web.Request) -> Html:
        return views.pdf_page(self._get("invoice", request))

    async def _receipt(self, request: web.Request) -> Html:
        return views.receipt_page(self._get("charge", request))

    def _get(self, kind: str, request: web.Request) -> Obj:
        return self._server.book(lambda account: account.get(kind, request.match_info["id"]))


def _portal(account: Account, session: Obj) -> Html:
    at, customer = f"{account.public_url}/portal/{session['id']}", session["customer"]
    mine = [s for s in account.all("subscription") if s["customer"] == customer]
    invoices = [i for i in account.all("invoice") if i["customer"] == customer]
    blocks = []
    for subscription in mine:
        prices = [account.get("price", item["price"]) for item in subscription["items"]["data"]]
        names = list(dict.fromkeys(cycles.title(account, price) for price in prices))
        plans = [(price, cycles.title(account, price)) for price in portal.plans(account, subscription)]
        blocks.append(views.subscription_block(at, subscription, names, plans))
    return views.portal_page(session, blocks, invoices)


def _response(body: Html, status: int = 200) -> web.Response:
    return web.Response(text=body, content_type="text/html", status=status, headers=HEADERS)
