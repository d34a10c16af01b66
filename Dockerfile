# One image, three commands: serve, work, migrate. Not built in this repository's CI (no container engine there).
FROM python:3.11-slim AS build
RUN pip install --no-cache-dir "uv>=0.9"
WORKDIR /app
COPY pyproject.toml uv.lock README.md LICENSE ./
COPY src src
COPY adapters adapters
COPY mappings mappings
COPY migrations migrations
RUN uv sync --frozen --all-packages --no-dev

FROM python:3.11-slim
RUN useradd --uid 10001 --no-create-home hub
COPY --from=build /app /app
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 TYOKYKY_HOST=0.0.0.0
USER 10001
EXPOSE 8080
HEALTHCHECK CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/readyz', timeout=3)"]
ENTRYPOINT ["tyokyky-bridge"]
CMD ["serve"]
