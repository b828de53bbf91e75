# JupyterLab with the C# kernel and the course:
#   docker build -t mezcla . && docker run --rm -p 8888:8888 mezcla
# The address to open, with its token, is the last line that it prints.
FROM mcr.microsoft.com/dotnet/sdk:10.0

ENV DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 PATH="/opt/jupyter/bin:$PATH"
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 python3-venv \
    && rm -rf /var/lib/apt/lists/* \
    && python3 -m venv /opt/jupyter \
    && /opt/jupyter/bin/pip install --no-cache-dir jupyterlab nbconvert \
    && useradd --create-home --shell /bin/bash reader \
    && install --directory --owner reader /home/reader/mezcla \
    && chown -R reader /opt/jupyter

USER reader
WORKDIR /home/reader/mezcla
COPY --chown=reader . .
RUN dotnet run -c Release --project src/Mezcla.Cli -- kernel install --prefix /opt/jupyter \
    && jupyter trust notebooks/*.ipynb \
    && rm -rf artifacts

EXPOSE 8888
CMD ["jupyter", "lab", "--ip=0.0.0.0", "--port=8888", "--no-browser", "--ServerApp.root_dir=/home/reader/mezcla/notebooks"]
