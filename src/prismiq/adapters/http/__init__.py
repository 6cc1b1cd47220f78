"""The HTTP face: FastAPI routers, problem documents, ASGI middleware."""
